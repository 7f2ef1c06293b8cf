"""Batches that grow: the first results come soon, and many documents still take few runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docmill.pipeline.intake.batches import BatchLimits, DocumentRef, group

__all__ = ["growing"]

#: Documents of the first batch, unless there are more workers.
_FIRST = 4
_TIMES = 8
#: Enough documents to keep all workers busy, and the most of a batch that nobody set: a run of Dagster's
#: costs as much as some documents of one page, and little beside larger ones.
_MANY, _MOST = 64, 256
#: What more than `_MANY` may come to: their results come when all of them are done.
_SMALL_BYTES = 64 << 20


def growing(
    documents: Sequence[DocumentRef], most: int | None, workers: int = 1
) -> Iterator[list[DocumentRef]]:
    """Batches in order, each eight times as long as the one before and none longer than `most`.

    The first has a document for every worker. What would be left over after a batch, and is no longer than
    it, goes with it where there is room. Where `most` is None a batch has 64 documents, or up to 256 small
    ones.
    """
    size, begun = min(max(_FIRST, workers), most or _MOST), 0
    while begun < len(documents):
        room = most or _room(documents[begun : begun + _MOST])
        left = len(documents) - begun
        length = left if left <= min(2 * size, room) else min(size, room)
        yield from group(documents[begun : begun + length], BatchLimits(documents=length))
        begun += length
        size *= _TIMES


def _room(documents: Sequence[DocumentRef]) -> int:
    """How many of these, from the first on, make a batch."""
    size = 0
    for count, document in enumerate(documents):
        size += document.size
        if count >= _MANY and size > _SMALL_BYTES:
            return count
    return max(_MANY, len(documents))
