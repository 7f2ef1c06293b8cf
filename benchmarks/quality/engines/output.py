"""What a converter made of a PDF."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from benchmarks.quality.grid import Grid

__all__ = ["Converter", "EngineError", "Output"]


class EngineError(Exception):
    """A converter that cannot be had here."""


class Output(msgspec.Struct, frozen=True):
    """The Markdown and the tables of a document; what could not be converted is empty, and says why.

    `pages` are its first pages with their regions drawn on them, as JPEG, where they were asked for.
    """

    markdown: str = ""
    grids: tuple[Grid, ...] = ()
    failure: str | None = None
    pages: tuple[bytes, ...] = ()


class Converter(Protocol):
    """Converts PDFs, or has converted them; `version` is known of what is pinned."""

    @property
    def version(self) -> str:
        """Empty where nobody says."""
        ...

    def convert(self, pdfs: Mapping[str, Path]) -> dict[str, Output]:
        """The output of each PDF, by its document's name. Raises `EngineError` when none can be converted."""
        ...
