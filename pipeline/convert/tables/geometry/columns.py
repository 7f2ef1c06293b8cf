"""The columns of a table from the gaps between its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.tables.geometry.placed_lines import YEAR, is_numeric
from docmill.pipeline.convert.tables.geometry.textlines import (
    LEADING,
    TRAILING,
    Chunk,
    TextLine,
    are_apart,
)
from docmill.pipeline.convert.types import Box

__all__ = ["Interval", "column_at", "find_columns", "flush_left", "glued_at", "has_values"]

#: Left and right edge of a column's text, in points.
Interval = tuple[float, float]

#: More lines than this add no evidence about columns; an even sample bounds the work.
_MAX_LINES = 240
_MAX_CHUNKS = 4000
#: Columns are at least so many em apart.
_PARTED = 0.2
#: How far from a column's edge, in em, a text begins at it, and how many texts show that a column has one.
_AT_EDGE, _LEAST_FLUSH = 0.12, 4
#: Pieces of one text are less than so many em apart.
_NEAR = 2.0


def find_columns(lines: Sequence[TextLine], em: float, dividers: Sequence[float] = ()) -> list[Interval]:
    """Columns from left to right: what remains apart once texts that span several columns are set aside.

    `dividers` are where rulings part columns; a text across one of them spans.
    """
    sample = lines[:: max(1, -(-len(lines) // _MAX_LINES))]
    chunks = [chunk for line in sample for chunk in line.chunks]
    if not chunks:
        return []
    if len(chunks) > _MAX_CHUNKS:
        return [(min(c.box.l for c in chunks), max(c.box.r for c in chunks))]
    spanning = [
        spans or any(chunk.box.l + 0.3 * em < x < chunk.box.r - 0.3 * em for x in dividers)
        for spans, chunk in zip(_spanning(sample, em), chunks, strict=True)
    ]
    # A line of one text says little of columns: it may head a section and lie over several.
    alone = [len(line.chunks) == 1 for line in sample for _ in line.chunks]
    if sum(alone) > len(sample) - 2:
        alone = [False] * len(chunks)
    apart = zip(chunks, spanning, alone, strict=True)
    body = [chunk for chunk, spans, single in apart if not (spans or single)] or chunks
    columns = _with_labels(_merged([(c.box.l, c.box.r) for c in body], 0.1 * em), chunks, em)
    columns = _without_bridges(columns, sample, em)
    columns = _without_captions(columns, sample, em)
    columns = _without_torn(columns, sample, em)
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


def _without_bridges(columns: list[Interval], lines: Sequence[TextLine], em: float) -> list[Interval]:
    """Part columns that a few texts alone hold together, such as a short heading over the middle of two.

    In more lines there are several texts, and these stand below each other.
    """
    slack = 0.1 * em
    parted: list[Interval] = []
    for column, members in zip(columns, _members(columns, lines), strict=True):
        own = [(i, c) for i, c in members if c.box.l > column[0] - slack and c.box.r < column[1] + slack]
        counts = Counter(index for index, _ in own)
        parts = _merged([(c.box.l, c.box.r) for index, c in own if counts[index] > 1], slack)
        if len(parts) < 2 or any(right[0] - left[1] < _PARTED * em for left, right in pairwise(parts)):
            parted.append(column)
            continue
        alone = [(c.box.l, c.box.r) for index, c in own if counts[index] == 1]
        over = [sum(l < right and r > left for left, right in parts) for l, r in alone]  # noqa: E741 - left
        if 2 * sum(count > 1 for count in over) > sum(count > 1 for count in counts.values()):
            parted.append(column)
        else:
            kept = [interval for interval, count in zip(alone, over, strict=True) if count < 2]
            parted += _merged([*parts, *kept], slack)
    return parted


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


def _without_torn(columns: list[Interval], lines: Sequence[TextLine], em: float) -> list[Interval]:
    """Join columns that are one text torn apart: by wide spaces in headings, or where words happen to align.

    The right one has nothing but pieces of headings, or nothing but words in lower case; it never stands
    without the left one, and not far from it.
    """
    heads = next((at for at, line in enumerate(lines) if has_values(line)), 0)
    members = _members(columns, lines)
    joined: list[Interval] = []
    before: list[tuple[int, Chunk]] = []
    for (left, right), own in zip(columns, members, strict=True):
        beside = dict(before)
        apart = [chunk.box.l - beside[at].box.r if at in beside else float("inf") for at, chunk in own]
        lower = sum(chunk.text[0].islower() for _, chunk in own)
        # A column without values has a heading of its own, unless that goes on with the one at its left.
        piece = own and max(at for at, _ in own) < heads
        torn = len(own) > 2 and lower == len(own) and any(chunk.text[0].isupper() for _, chunk in before)
        reach = (_NEAR if lower else 1.0) * em
        if joined and apart and max(apart) < reach and (piece or torn):
            joined[-1] = (joined[-1][0], right)
            before = sorted([*before, *own], key=lambda member: (member[0], member[1].box.l))
        else:
            joined.append((left, right))
            before = own
    return joined


def has_values(line: TextLine) -> bool:
    """Whether a line has numbers that are no years beyond its first text."""
    return any(is_numeric(chunk.text) and not YEAR.fullmatch(chunk.text) for chunk in line.chunks[1:])


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


def flush_left(lines: Sequence[TextLine], columns: Sequence[Interval], em: float) -> list[float]:
    """The left edges of the columns in which most texts begin at the edge."""
    edges: list[float] = []
    for (left, right), own in zip(columns, _members(columns, lines), strict=True):
        starts = [c.box.l for _, c in own if left - _AT_EDGE * em < c.box.l < right]
        at_edge = sum(start < left + _AT_EDGE * em for start in starts)
        if at_edge >= _LEAST_FLUSH and 10 * at_edge > 7 * len(starts):
            edges.append(left)
    return edges


def glued_at(
    chunk: Chunk, columns: Sequence[Interval], space: float, flush: Sequence[float], em: float
) -> list[int]:
    """Word positions at which a chunk over several columns is really several cells.

    That is between words over different columns, where the gap is wider than this table's word space, where
    they were recognised apart, or where the second begins at one of the edges `flush` at which the texts of
    a column begin.
    """
    cuts: list[int] = []
    for at in range(1, len(chunk.words)):
        left, right = chunk.words[at - 1].box, chunk.words[at].box
        wide = right.l - left.r > 1.35 * space or are_apart(chunk.words[at - 1], chunk.words[at])
        if not wide and not any(abs(right.l - edge) < _AT_EDGE * em for edge in flush):
            continue
        before = [i for i, (start, end) in enumerate(columns) if left.l < end and left.r > start]
        after = [i for i, (start, end) in enumerate(columns) if right.l < end and right.r > start]
        if before and after and before[-1] < after[0]:
            cuts.append(at)
    return cuts


def column_at(columns: Sequence[Interval], box: Box) -> int | None:
    """The column that holds the middle of a box, or None."""
    middle = (box.l + box.r) / 2
    return next((i for i, (left, right) in enumerate(columns) if left <= middle <= right), None)
