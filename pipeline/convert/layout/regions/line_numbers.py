"""Numbers that count the lines beside them: of bills, transcripts, patents, manuscripts under review, verse.

They are furniture: a column of numbers, each one or five more than the last, as far apart as the lines are,
beside text that runs on from line to line. Numbers of list items and of table rows stand beside entries.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median

from docmill.pipeline.convert.common_edges import by_edge
from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.types import Box

__all__ = ["line_numbers"]

_LEAST = 5  # numbers of a column
_FEWEST = 3  # in smaller type than the lines, or of every fifth line exactly
_MOST_DIGITS = 4
_MOST_RUNS = 12  # columns of numbers that are looked at
_STEPS = (1, 2, 5, 10)
_EDGE = 2.5  # points by which the edges of a column's numbers may differ
_UNEVEN = 0.15  # of the usual distance between numbers
_SMALLER = 0.85  # of the text's size, at the most, in a margin
_LEVEL = 0.2  # em by which feet of a number and its line may differ
_LEAST_EVEN = 0.6  # of the distances; the others are wider, where paragraphs end
_LEAST_CHARS = 10  # of most lines
_CLEAR = 0.4  # em between numbers and text, at least


@dataclass(frozen=True, slots=True)
class _Counted:
    """The lines that numbers may count: all at their height, and those of the column beside them."""

    every: list[Row]
    column: list[Row]


def line_numbers(rows: Sequence[Row]) -> list[Found]:
    """Regions of line numbers, in no order; their rows are those of digits alone that lie in them."""
    numbers = [row for row in rows if row.angle == 0 and row.text.isdecimal() and row.chars <= _MOST_DIGITS]
    if len(numbers) < _FEWEST:
        return []
    text = [row for row in rows if row.angle == 0 and not row.text.isdecimal()]
    found: list[Found] = []
    taken: set[tuple[int, ...]] = set()
    runs = [run for right in (True, False) for run in _runs(numbers, right=right)]
    for longest in sorted(runs, key=len, reverse=True)[:_MOST_RUNS]:
        run = [row for row in longest if row.cells not in taken]
        if len(run) < _FEWEST:
            continue
        box = hull(row.box for row in run)
        lines = _lines(run, box, text)
        if lines is None or _is_table(lines):
            continue
        if _in_margin(run, lines) or _counts_lines(run, lines):
            rest = [row for row in numbers if row.cells not in taken and _goes_on(row, run)]
            taken.update(row.cells for row in (*run, *rest))
            found.append(Found("page_header", hull([box, *(row.box for row in rest)]), 0.9, "geometry"))
    return found


def _goes_on(row: Row, run: Sequence[Row]) -> bool:
    """True for a number at a run's edge that counts on from it, or up to it, where it was broken."""
    first, last = run[0], run[-1]
    if abs(row.box.r - last.box.r) > _EDGE and abs(row.box.l - last.box.l) > _EDGE:
        return False
    pitch = (last.middle - first.middle) / (int(last.text) - int(first.text))
    after, before = int(row.text) - int(last.text), int(first.text) - int(row.text)
    slack = 0.5 * row.size
    return (after > 0 and row.middle - last.middle > 0.5 * after * pitch - slack) or (
        before > 0 and first.middle - row.middle > 0.5 * before * pitch - slack
    )


def _runs(numbers: Sequence[Row], *, right: bool) -> Iterator[list[Row]]:
    """Runs of numbers at a common right (or left) edge that rise by one step."""
    for column in by_edge(numbers, lambda row: row.box.r if right else row.box.l, _EDGE):
        column.sort(key=lambda row: row.box.t)
        run: list[Row] = []
        for row in column:
            if len(run) > 1 and int(row.text) - int(run[-1].text) != int(run[1].text) - int(run[0].text):
                yield from _long(run)
                run = run[-1:] if int(row.text) - int(run[-1].text) in _STEPS else []
            elif len(run) == 1 and int(row.text) - int(run[0].text) not in _STEPS:
                run = []
            run.append(row)
        yield from _long(run)


def _long(run: list[Row]) -> Iterator[list[Row]]:
    if len(run) >= _FEWEST:
        yield run


def _lines(run: Sequence[Row], box: Box, text: Sequence[Row]) -> _Counted | None:
    """What stands at the height of the numbers; None where it does not stand clear of them."""
    em = run[0].size
    slack = 0.5 * em
    lines = [row for row in text if box.t - slack < row.middle < box.b + slack]
    ordered = sorted(run, key=lambda row: row.middle)
    heights = [row.middle for row in ordered]
    behind: list[Row] = []
    before: list[Row] = []
    met = 0
    for row in lines:
        place = _near(heights, row.middle, 0.5 * row.size)
        own = box if place is None else ordered[place].box
        if row.box.l >= own.r + _CLEAR * em:
            behind.append(row)
        elif row.box.r < own.r + _CLEAR * em and row.box.l < own.l:  # gutters may be narrow
            before.append(row)
        elif place is not None:
            met += 1
    if met > 0.05 * len(lines):
        return None
    # numbers stand before their lines, and behind them where there is nothing else beside
    column = _beside(run, behind)
    if before and len(column) < 0.5 * len(run):
        column = _beside(run, before)
    return _Counted(lines, column) if column else None


def _beside(run: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    """The rows of the column that is next to the numbers, all of which are at one side of them."""
    ordered = sorted(rows, key=lambda row: row.middle)
    heights = [row.middle for row in ordered]
    nearest: list[Row] = []
    for number in run:
        reach = 0.5 * number.size
        level = ordered[
            bisect_left(heights, number.middle - reach) : bisect_right(heights, number.middle + reach)
        ]
        if level:
            nearest.append(min(level, key=lambda row: abs(row.box.l - number.box.l)))
    if not nearest:
        return []
    edge = median(row.box.r for row in nearest)
    column = hull(row.box for row in nearest if row.box.l < edge)
    return [row for row in rows if column.l <= (row.box.l + row.box.r) / 2 <= column.r]


def _is_table(lines: _Counted) -> bool:
    """True where something else stands on nearly all lines, which are mostly shorter than their column."""
    if len(lines.every) < 1.3 * len(lines.column):
        return False
    own = {row.cells for row in lines.column}
    heights = sorted(row.middle for row in lines.every if row.cells not in own)
    level = [row for row in lines.column if _near(heights, row.middle, 0.1 * row.size) is not None]
    width = max(row.box.r for row in lines.column) - min(row.box.l for row in lines.column)
    return (
        len(level) >= 0.8 * len(lines.column) and median(row.box.width for row in lines.column) < 0.7 * width
    )


def _in_margin(run: Sequence[Row], lines: _Counted) -> bool:
    """True for numbers in smaller type than the lines' that stand on their lines, of which each has one.

    Listings and what is set in a size of its own need none.
    """
    text = [row for row in lines.column if not row.code]
    if int(run[1].text) - int(run[0].text) != 1 or len(text) < _FEWEST:
        return False
    size = _usual_size(text)
    if any(row.size > _SMALLER * size for row in run):
        return False
    feet = sorted(row.box.b for row in run)
    own = [_near(feet, row.box.b, _LEVEL * row.size) for row in lines.column]
    counted = [place is not None for place, row in zip(own, lines.column, strict=True) if not row.code]
    usual = [place is not None for place, row in zip(own, lines.column, strict=True) if row.size == size]
    if len({*own} - {None}) < 0.9 * len(run) or max(mean(counted), mean(usual)) < 0.85:
        return False
    # lines run on, and headings are counted too; entries do neither
    return any(map(_runs_on, text)) or len({row.size for row in text}) > 1


def _even(run: Sequence[Row]) -> bool:
    """True when most of the numbers stand at one distance, as lines do."""
    pitches = [lower.box.t - upper.box.t for upper, lower in pairwise(run)]
    usual = median(pitches)
    even = sum(abs(pitch - usual) <= _UNEVEN * usual for pitch in pitches)
    closer = sum(pitch < (1 - _UNEVEN) * usual for pitch in pitches)
    return usual > 0.7 * run[0].size and even >= _LEAST_EVEN * len(pitches) and closer <= 0.2 * len(pitches)


def _counts_lines(run: Sequence[Row], lines: _Counted) -> bool:
    """True when the text at the height of the numbers is lines that they count."""
    text = [row for row in lines.column if not row.code]
    step = int(run[1].text) - int(run[0].text)
    every_fifth = step >= 5 and int(run[0].text) % 5 == 0
    if len(run) < (_FEWEST if every_fifth else _LEAST) or len(text) < max(2, 0.2 * len(lines.column)):
        return False  # a listing
    if sum(not any(map(str.isalpha, row.text)) for row in lines.every) > 0.2 * len(lines.every):
        return False  # a table
    if median(row.chars for row in lines.every) < _LEAST_CHARS:
        return False  # cells of one
    heights = sorted(row.middle for row in run)
    pitch = median(two - one for one, two in pairwise(heights))
    own = [_near(heights, row.middle, 0.3 * row.size) is not None for row in text]
    size = _usual_size(text)
    counted = max(mean(own), mean(has for has, row in zip(own, text, strict=True) if row.size == size))
    even = _even(run)
    if step == 1 and counted < (0.85 if even else 0.95):
        return False  # entries of several lines
    if step > 1 and (not even or counted * step > 2):
        return False  # each line has one, so they do not count lines
    slack = 0.5 * run[0].size
    if len(run) < _LEAST and any(
        sum(one < row.middle + slack <= two for row in text) != step for one, two in pairwise(heights)
    ):
        return False
    runs_on = sum(_runs_on(row) for row in text)
    blank = step == 1 and len(run) - len({round(row.middle / pitch) for row in text})
    if runs_on >= max(2, 0.15 * len(text)) or (len(run) >= 15 and blank >= 2 and runs_on > 0):
        return True
    # headings are counted too, those of a table are not
    return (
        step == 1
        and len(lines.column) == len(lines.every)
        and all(own)
        and len({row.size for row in text}) > 1
    )


def _usual_size(rows: Sequence[Row]) -> float:
    """The size of most of the characters."""
    sizes: Counter[float] = Counter()
    for row in rows:
        sizes[row.size] += row.chars
    return sizes.most_common(1)[0][0]


def _near(heights: Sequence[float], height: float, reach: float) -> int | None:
    """The place of a height within reach."""
    place = bisect_left(heights, height - reach)
    return place if place < len(heights) and heights[place] <= height + reach else None


def _runs_on(row: Row) -> bool:
    """True for a line that begins within a sentence."""
    return not row.marker and row.chars > 3 and row.text[:1].islower()
