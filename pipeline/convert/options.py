"""Choices that change what a document looks like; light to import, for configuration and fingerprints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["FORMATS", "AssemblyOptions"]

#: Export format -> file extension.
FORMATS: Mapping[str, str] = MappingProxyType(
    {"md": "md", "html": "html", "json": "json", "doctags": "doctags.txt", "chunks": "chunks.jsonl"}
)


@dataclass(frozen=True)
class AssemblyOptions:
    """How documents are put together.

    `hierarchy`: nest lists by indentation, infer heading levels from bookmarks and numbering, keep the lines
    of code, and read pages of one column from top to bottom; without it the document is flat and in order as
    docling makes it. `pictures`: crop each picture into the document.
    """

    hierarchy: bool = True
    pictures: bool = False
