"""Which pages of a document a task is about."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "CHUNK_PAGES",
    "FirstPages",
    "NoPages",
    "Pages",
    "Selection",
    "WholeDocument",
    "chunked",
    "singly",
    "uncovered",
]

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


def singly(pages: Sequence[int]) -> list[Pages]:
    """Each page by itself."""
    return [Pages((page,)) for page in pages]


def uncovered(chunks: Sequence[Selection], covered: Set[int]) -> list[Selection]:
    """The pages that are not covered; one by one where some of their chunk are, so that none is between."""
    rest: list[Selection] = []
    for chunk in chunks:
        if not isinstance(chunk, Pages):
            rest.append(chunk)
            continue
        left = [page for page in chunk.numbers if page not in covered]
        rest += [chunk] if len(left) == len(chunk.numbers) else singly(left)
    return rest
