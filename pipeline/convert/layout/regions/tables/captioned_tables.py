"""Tables with nothing but a caption: what stands in columns right under or over it."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.markers import CAPTION, TABLE_CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.among_text import is_full, text_columns
from docmill.pipeline.convert.layout.regions.tables.drawn import stretches
from docmill.pipeline.convert.layout.regions.tables.lanes import (
    SEVERAL,
    Lane,
    Run,
    in_columns,
    runs_in,
    usual_size,
)
from docmill.pipeline.convert.types import Box

__all__ = ["captioned_tables", "captions_of", "is_page_text"]

_MOST_CAPTIONS = 40
_ABOVE, _BELOW = 5.0, 3.0  # of the type size, from a caption to its table below it or above it
_BETWEEN = 10.0  # points between columns of text at least
_MOST_FULL = 0.3  # of the pieces of a column at most are full lines of text
_BIGGER = 1.2  # times the size of most type is that of headings
_LEAST_TEXT = 5  # lines of a column of text
_LOWER = 0.4  # of which so many begin within a sentence


def captions_of(rows: Sequence[Row], known: Sequence[Box]) -> list[Row]:
    """The first lines of captions of tables, but of those that are `known`."""
    return [
        row
        for row in rows
        if TABLE_CAPTION.match(row.text)
        and CAPTION.match(row.text)
        and all(_away(box, row) >= 1.0 for box in known)
    ]


def captioned_tables(rows: Sequence[Row], captions: Sequence[Row]) -> list[Box]:
    """The boxes of what stands in columns right under or over captions."""
    if not captions:
        return []
    lanes = _lanes(rows)
    waiting = [row for row in captions[:_MOST_CAPTIONS] if not lanes or _is_somewhere(row, lanes)]
    found: list[Box] = []
    for lane in (*lanes, Lane(0.0, max(row.box.r for row in rows), [])):
        own = [row for row in waiting if lane.holds(row)]
        if not own:
            continue
        waiting = [row for row in waiting if not lane.holds(row)]
        runs = runs_in(lane, rows)
        boxes = [hull(row.box for band in run for row in band) for run in runs]
        for caption in own:
            near = [(_away(box, caption), at) for at, box in enumerate(boxes)]
            distance, at = min(near, default=(1.0, -1))
            if distance < 1.0 and in_columns(runs[at], SEVERAL) and not is_page_text(runs[at]):
                found.append(boxes[at])
    return found


def _lanes(rows: Sequence[Row]) -> list[Lane]:
    """The columns of text of a page of several, each up to the next."""
    columns = text_columns(rows)
    if len(columns) < 2:
        return []
    ends = [left - _BETWEEN for left, _ in columns[1:]]
    ends.append(max(row.box.r for row in rows))
    return [Lane(left, max(right, end), []) for (left, right), end in zip(columns, ends, strict=True)]


def _is_somewhere(caption: Row, lanes: Sequence[Lane]) -> bool:
    """True for a caption in a column of text, or over the gutter between two."""
    over = sum(min(caption.box.r, lane.right) > max(caption.box.l, lane.left) for lane in lanes)
    return over > 1 or any(lane.holds(caption) for lane in lanes)


def _away(box: Box, caption: Row) -> float:
    """How far a box is from a caption: less than 1 where that may be its own."""
    if min(box.r, caption.box.r) <= max(box.l, caption.box.l):
        return 1.0
    if box.t >= caption.box.t:
        return max(0.0, box.t - caption.box.b) / (_ABOVE * caption.size)
    return max(0.0, caption.box.t - box.b) / (_BELOW * caption.size)


def is_page_text(run: Run) -> bool:
    """True for headings and listings, and where columns are lines of text: the first, or two or more."""
    pieces = [row for band in run for row in band]
    size = usual_size(run)
    code = sum(row.code and is_full(row) for row in pieces)
    if code >= _LEAST_TEXT or any(row.size > _BIGGER * size for row in pieces):
        return True
    columns = [[row for row in pieces if left <= row.centre <= right] for left, right in stretches(pieces)]
    full = [sum(map(is_full, column)) > _MOST_FULL * len(column) for column in columns]
    return full[0] or sum(full) > 1 or sum(map(_is_text, columns)) > 1


def _is_text(column: Sequence[Row]) -> bool:
    """True for lines of several words that begin within sentences."""
    words = sorted(len(row.text.split()) for row in column)
    lower = sum(row.text[:1].islower() for row in column)
    return len(words) >= _LEAST_TEXT and words[len(words) // 2] > 2 and lower > _LOWER * len(words)
