"""Tables within columns of text, where a detection takes in what stands in the next column too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.common_edges import by_edge
from docmill.pipeline.convert.layout.blocks.spatial import hull, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands
from docmill.pipeline.convert.types import Box

__all__ = ["columns_in", "is_full", "tables_in", "text_columns"]

_LEAST_LINES = 4  # of a column of text
_MOST_OVER = 0.1  # of the rows may reach into the next column, where a page is set so badly
_SAME = 3.0  # points within which lines begin at one edge
_MOST_LONE = 3  # lines of one piece over a table's columns that are its neighbours' text


def is_full(row: Row) -> bool:
    """True for a line of text, or of a listing."""
    long = row.chars > 25 and len(row.text.split()) >= 5
    return not row.angle and (long or (row.mono and row.chars > 15))


def _runs_on(row: Row) -> bool:
    """True for a line of text, be it one in a narrow column that begins within a sentence."""
    return is_full(row) or (
        not row.angle and row.chars > 12 and row.text[0].islower() and len(row.text.split()) > 2
    )


def text_columns(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Left and right edge of each column of text on a page of several, from the left."""
    groups = by_edge(filter(_runs_on, rows), lambda row: row.box.l, _SAME)
    found: list[tuple[float, float]] = []
    for group in sorted(groups, key=len, reverse=True):
        if len(group) < _LEAST_LINES:
            break
        ends = sorted(row.box.r for row in group)
        left, right = group[0].box.l, ends[int(0.8 * (len(ends) - 1))]
        if all(right < other[0] or left > other[1] for other in found):
            found.append((left, right))
    return sorted(found)


def columns_in(box: Box, rows: Sequence[Row]) -> list[list[Row]]:
    """The rows in a box by the page's columns of text, where it holds lines of text in one of several.

    One list of all of them where it does not, or where rows run from one column to the next.
    """
    inner = within(rows, box)
    if sum(map(_runs_on, inner)) < _LEAST_LINES:
        return [inner]
    columns = [
        (left, right)
        for left, right in text_columns(rows)
        if min(right, box.r) - max(left, box.l) > 0.5 * (right - left)
    ]
    if len(columns) < 2:
        return [inner]
    edges = [(one[1] + two[0]) / 2 for one, two in pairwise(columns)]
    parts: list[list[Row]] = [[] for _ in columns]
    over = 0
    for row in inner:
        over += any(row.box.l < edge - 12 and row.box.r > edge + 12 for edge in edges)
        parts[sum(1 for edge in edges if row.centre > edge)].append(row)
    text = [sum(map(_runs_on, part)) for part in parts]
    return parts if max(text) >= _LEAST_LINES and over <= _MOST_OVER * len(inner) else [inner]


def tables_in(rows: Sequence[Row]) -> list[Box]:
    """The boxes of the runs of lines in columns between lines of text."""
    runs: list[list[list[Row]]] = [[]]
    for band in bands(rows):
        if _is_text(band):
            runs.append([])
        else:
            runs[-1].append(band)
    found: list[Box] = []
    for run in runs:
        lone = 0
        while lone < min(_MOST_LONE, len(run)) and len(run[lone]) == 1:
            lone += 1
        table = run[lone:]
        if len(table) > 2 and len(table[0]) > 1 and _several(table) >= max(2, 0.3 * len(table)):
            found.append(hull(row.box for band in table for row in band))
    return found


def _several(run: Sequence[Sequence[Row]]) -> int:
    return sum(1 for band in run if len(band) > 1)


def _is_text(band: Sequence[Row]) -> bool:
    """True for a line of text, be it one that is set so wide that it comes in pieces."""
    words = sum(len(row.text.split()) for row in band)
    if len(band) == 1:
        return words >= 5 or band[0].code or _runs_on(band[0])
    lower = sum(row.text[:1].islower() for row in band)
    return words >= 5 and 2 * lower > len(band)
