"""Tables of which little is drawn: a rule under the heads, a background behind every other row."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from docmill.pipeline.convert.layout.blocks.spatial import hull, lies_in
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.captioned_tables import is_page_text
from docmill.pipeline.convert.layout.regions.tables.drawn import Drawn
from docmill.pipeline.convert.layout.regions.tables.lanes import (
    SEVERAL,
    Lane,
    Run,
    in_columns,
    runs_in,
    usual_size,
)
from docmill.pipeline.convert.types import Box

__all__ = ["held_tables", "lanes_of", "wide_marks"]

_LEAST_WIDTH = 60.0  # points of a mark that can hold a table together
_EDGE = 3.0  # points within which marks begin, or end, at one edge
_MOST_LANES = 40
_NEAR = 36.0  # points over and under marks
_MOST_TRIED = 100
_PART = 0.9  # of a table's width: what is narrower is within it
_LEAST_SHARE = 0.35  # of the width of marks is that of a table's words
_MOST_UNDER = 3  # lines of text under a table that would fit its columns
_ONE_MARK = 0.5  # of the lines have several pieces, where there is one mark


def held_tables(rows: Sequence[Row], lanes: Sequence[Lane]) -> list[Box]:
    """The boxes of tables that the marks of lanes hold together, the largest first."""
    tables = (_table(run, lane) for lane in lanes for run in runs_in(lane, rows))
    return sorted((table for table in tables if table is not None), key=lambda box: -box.area)


def wide_marks(drawn: Drawn) -> list[Box]:
    """Rules and backgrounds as wide as tables."""
    return [mark for mark in (*drawn.across, *drawn.shades) if mark.width >= _LEAST_WIDTH]


def lanes_of(marks: Iterable[Box], rows: Sequence[Row], known: Sequence[Box]) -> list[Lane]:
    """Marks by their edges, from the left, where they may hold more than the `known` tables.

    Those within parts of such a table tell no more, nor do those in one that nothing in columns goes on from.
    """
    lanes: list[Lane] = []
    for mark in sorted(marks, key=lambda mark: mark.l):
        if any(mark.width < _PART * box.width and lies_in(mark, box, 0.9) for box in known):
            continue
        for lane in reversed(lanes[-_MOST_LANES:]):
            if abs(mark.l - lane.left) <= _EDGE and abs(mark.r - lane.right) <= _EDGE:
                lane.marks.append(mark)
                break
        else:
            lanes.append(Lane(mark.l, mark.r, [mark]))
    ordered = sorted(rows, key=lambda row: row.middle)
    return [lane for lane in lanes[:_MOST_LANES] if _is_open(lane, ordered, known)]


def _is_open(lane: Lane, ordered: Sequence[Row], known: Sequence[Box]) -> bool:
    """True where lines of several pieces stand at marks, or over or under the table that these are in."""
    lane.marks.sort(key=lambda mark: mark.t)
    top, bottom = lane.marks[0].t, lane.marks[-1].b
    for box in known:
        if box.t - 3 < top and bottom < box.b + 3 and box.l - 3 < lane.left and lane.right < box.r + 3:
            over = _has_several(lane, ordered, box.t - _NEAR, box.t)
            return over or _has_several(lane, ordered, box.b, box.b + _NEAR)
    return any(
        _has_several(lane, ordered, mark.t - _NEAR, mark.b + _NEAR) for mark in lane.marks[:_MOST_TRIED]
    )


def _has_several(lane: Lane, ordered: Sequence[Row], top: float, bottom: float) -> bool:
    """True when two pieces of a line stand between two heights."""
    first = bisect_left(ordered, top, key=lambda row: row.middle)
    last: Row | None = None
    for row in ordered[first : first + _MOST_TRIED]:
        if row.middle > bottom:
            return False
        if not lane.touches(row):
            continue
        if last is not None and row.middle - last.middle < 0.4 * row.box.height:
            return True
        last = row
    return False


def _table(run: Run, lane: Lane) -> Box | None:
    """The box of a run of lines with marks among them, where they are a table."""
    run = _closed(run, lane)
    pieces = [row for band in run for row in band]
    words = hull(row.box for row in pieces)
    size = usual_size(run)
    near = [mark for mark in lane.marks if mark.b > words.t - size and mark.t < words.b + size]
    inner = sum(_is_inner(mark, run, words) for mark in near)
    if not inner or words.width < _LEAST_SHARE * (lane.right - lane.left):
        return None
    if not in_columns(run, SEVERAL if inner > 1 else _ONE_MARK) or (inner == 1 and is_page_text(run)):
        return None
    return hull([words, *near])


def _closed(run: Run, lane: Lane) -> Run:
    """Without the few lines under the last rule of a table that has one over its first line."""
    top, bottom, size = run[0][0].box.t, run[-1][0].box.b, run[0][0].size
    rules = [mark.t for mark in lane.marks if mark.height < 3 and top - size < mark.t < bottom + size]
    if len(rules) < 3 or rules[0] > top + 0.3 * size:
        return run
    under = sum(band[0].middle > rules[-1] for band in run)
    return run[: len(run) - under] if under <= _MOST_UNDER else run


def _is_inner(mark: Box, run: Run, words: Box) -> bool:
    """True for a rule between lines of the run, or a background of some of them."""
    if mark.height < 3:
        return words.t + 2 < mark.t and mark.b < words.b - 2
    held = sum(mark.t - 2 < band[0].middle < mark.b + 2 for band in run)
    return 0 < held < len(run)
