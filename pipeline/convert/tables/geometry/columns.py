"""The columns of a table from the gaps between its words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.tables.geometry.textlines import LEADING, TRAILING, Chunk, TextLine
from docmill.pipeline.convert.types import Box

__all__ = ["Interval", "column_at", "find_columns", "glued_at"]

#: Left and right edge of a column's text, in points.
Interval = tuple[float, float]

#: More lines than this add no evidence about columns; an even sample bounds the work.
_MAX_LINES = 240
_MAX_CHUNKS = 4000


def find_columns(lines: Sequence[TextLine], em: float) -> list[Interval]:
    """Columns from left to right: what remains apart once texts that span several columns are set aside."""
    sample = lines[:: max(1, -(-len(lines) // _MAX_LINES))]
    chunks = [chunk for line in sample for chunk in line.chunks]
    if not chunks:
        return []
    if len(chunks) > _MAX_CHUNKS:
        return [(min(c.box.l for c in chunks), max(c.box.r for c in chunks))]
    spanning = _spanning(sample, em)
    # A line of one text says little of columns: it may head a section and lie over several.
    alone = [len(line.chunks) == 1 for line in sample for _ in line.chunks]
    if sum(alone) > len(sample) - 2:
        alone = [False] * len(chunks)
    apart = zip(chunks, spanning, alone, strict=True)
    body = [chunk for chunk, spans, single in apart if not (spans or single)] or chunks
    columns = _with_labels(_merged([(c.box.l, c.box.r) for c in body], 0.1 * em), chunks, em)
    columns = _without_captions(columns, sample, em)
    return _without_glyph_columns(columns, sample)


def _with_labels(columns: list[Interval], chunks: Sequence[Chunk], em: float) -> list[Interval]:
    """The columns and those that only lines of one text make: labels beside several lines."""
    outside = [
        (chunk.box.l, chunk.box.r)
        for chunk in chunks
        if not any(chunk.box.l < right and chunk.box.r > left for left, right in columns)
    ]
    return sorted(columns + _merged(outside, 0.1 * em))


def _spanning(lines: Sequence[TextLine], em: float) -> list[bool]:
    """For each chunk: do more lines have a column gap inside its extent than have text through it?"""
    left, right, line_of = _arrays(lines)
    gaps = [(a.box.r, b.box.l, i) for i, line in enumerate(lines) for a, b in pairwise(line.chunks)]
    if not gaps:
        return [False] * len(left)
    gap_left, gap_right, gap_line = (np.array(column) for column in zip(*gaps, strict=True))
    answer: list[bool] = []
    for l, r, i in zip(left, right, line_of, strict=True):  # noqa: E741 - left
        split = set(gap_line[(gap_left > l + 0.3 * em) & (gap_right < r - 0.3 * em)].tolist()) - {i}
        if not split:
            answer.append(False)
            continue
        through = (
            set(line_of[(left < r) & (right > l) & (right - left > 0.5 * (r - l))].tolist()) - split - {i}
        )
        answer.append(len(split) > len(through))
    return answer


def _arrays(
    lines: Sequence[TextLine],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    left = np.array([c.box.l for line in lines for c in line.chunks])
    right = np.array([c.box.r for line in lines for c in line.chunks])
    return left, right, np.array([i for i, line in enumerate(lines) for _ in line.chunks])


def _merged(intervals: list[Interval], slack: float) -> list[Interval]:
    """Overlapping intervals made one; an overlap of up to `slack` on each side does not count."""
    merged: list[list[float]] = []
    for left, right in sorted(intervals):
        if merged and left + slack < merged[-1][1] - slack:
            merged[-1][1] = max(merged[-1][1], right)
        else:
            merged.append([left, right])
    return [(left, right) for left, right in merged]


def _members(columns: Sequence[Interval], lines: Sequence[TextLine]) -> list[list[tuple[int, Chunk]]]:
    """For each column the chunks that lie over it, with their line's index."""
    members: list[list[tuple[int, Chunk]]] = [[] for _ in columns]
    for index, line in enumerate(lines):
        for chunk in line.chunks:
            for column, (left, right) in enumerate(columns):
                if chunk.box.l < right and chunk.box.r > left:
                    members[column].append((index, chunk))
    return members


def _without_captions(columns: list[Interval], lines: Sequence[TextLine], em: float) -> list[Interval]:
    """Drop columns that only a heading makes: one text between two columns that have theirs further down."""
    members = _members(columns, lines)
    kept: list[Interval] = []
    for at, (left, right) in enumerate(columns):
        if 0 < at < len(columns) - 1 and len(members[at]) == 1:
            line = members[at][0][0]
            beside = [[index for index, _ in members[column]] for column in (at - 1, at + 1)]
            middle = (columns[at - 1][0] + columns[at + 1][1]) / 2
            width = columns[at + 1][1] - columns[at - 1][0]
            centred = abs((left + right) / 2 - middle) < max(em, 0.25 * width)
            if centred and all(line not in indices and max(indices, default=0) > line for indices in beside):
                continue
        kept.append((left, right))
    return kept


def _without_glyph_columns(columns: list[Interval], lines: Sequence[TextLine]) -> list[Interval]:
    """Join currency signs to the numbers at their right, and closing glyphs to those at their left."""
    members = _members(columns, lines)
    joined: list[Interval] = []
    pending: float | None = None
    for (left, right), chunks in zip(columns, members, strict=True):
        texts = {chunk.text for _, chunk in chunks}
        start = left if pending is None else pending
        if texts and texts <= LEADING and (left, right) != columns[-1]:
            pending = start
        elif texts and texts <= TRAILING and joined and pending is None:
            joined[-1] = (joined[-1][0], right)
        else:
            joined.append((start, right))
            pending = None
    return joined


def glued_at(chunk: Chunk, columns: Sequence[Interval], space: float) -> list[int]:
    """Word positions at which a chunk over several columns is really several cells.

    That is where the gap is wider than this table's word space and lies between two columns.
    """
    cuts: list[int] = []
    for at in range(1, len(chunk.words)):
        left, right = chunk.words[at - 1].box, chunk.words[at].box
        if right.l - left.r <= 1.35 * space:
            continue
        before, after = column_at(columns, left), column_at(columns, right)
        if before is not None and after is not None and before < after:
            cuts.append(at)
    return cuts


def column_at(columns: Sequence[Interval], box: Box) -> int | None:
    """The column that holds the middle of a box, or None."""
    middle = (box.l + box.r) / 2
    return next((i for i, (left, right) in enumerate(columns) if left <= middle <= right), None)
