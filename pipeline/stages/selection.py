"""Which pages of a document a task is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["CHUNK_PAGES", "FirstPages", "NoPages", "Pages", "Selection", "WholeDocument", "chunked"]

#: Pages of one task: few enough to keep all workers busy to the end, enough to open a file rarely.
CHUNK_PAGES = 8


@dataclass(frozen=True)
class Pages:
    """These pages, counted from 1."""

    numbers: tuple[int, ...]


@dataclass(frozen=True)
class FirstPages:
    """Pages that are not known yet: the first `CHUNK_PAGES` of them. The answer says which there are."""


@dataclass(frozen=True)
class NoPages:
    """The same without doing any, after the first few cost a worker."""


@dataclass(frozen=True)
class WholeDocument:
    """The document as a whole, not page by page."""


Selection: TypeAlias = Pages | FirstPages | NoPages | WholeDocument


def chunked(pages: Sequence[int]) -> list[Pages]:
    """Pages in chunks of `CHUNK_PAGES`."""
    return [Pages(tuple(pages[i : i + CHUNK_PAGES])) for i in range(0, len(pages), CHUNK_PAGES)]
