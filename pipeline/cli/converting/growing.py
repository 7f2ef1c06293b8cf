"""Batches that grow: the first results come soon, and many documents still take few runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

__all__ = ["growing"]

T = TypeVar("T")

#: Documents of the first batch, unless there are more workers.
_FIRST = 4
_TIMES = 8


def growing(documents: Sequence[T], most: int, workers: int = 1) -> Iterator[Sequence[T]]:
    """Pieces in order, each eight times as long as the one before and none longer than `most`.

    The first has a document for every worker. What would be left over after a piece, and is no longer than
    it, goes with it where there is room: a run of Dagster's costs as much as some documents.
    """
    size, begun = min(max(_FIRST, workers), most), 0
    while begun < len(documents):
        left = len(documents) - begun
        length = left if left <= min(2 * size, most) else size
        yield documents[begun : begun + length]
        begun += length
        size = min(_TIMES * size, most)
