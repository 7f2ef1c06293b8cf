"""Tables set side by side or one under the other that were found as one: where to cut between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.spatial import hull, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.beside import gutters, parted
from docmill.pipeline.convert.layout.regions.tables.drawn import Drawn
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands
from docmill.pipeline.convert.layout.regions.tables.stacked import stacked
from docmill.pipeline.convert.types import Box

__all__ = ["cut_rows", "cut_tables", "without_titles"]

_MOST_PARTS = 24
_LEAST_ROWS = 6  # pieces of text
_MOST_ROWS = 3000
_TITLE_SIZE = 1.08  # of most of the type
_ALIGNED = 3.0  # points within which edges are one


def cut_tables(box: Box, rows: Sequence[Row], drawn: Drawn) -> list[Box]:
    """The tables in the region of one: `[box]` unless there are several.

    `rows` are the page's. Lines that belong to none of the parts, headings between them, are in no box.
    """
    inner = [row for row in within(rows, box) if not row.angle]
    if not _LEAST_ROWS <= len(inner) <= _MOST_ROWS:
        return [box]
    held = drawn.inside(box)
    parts = cut_rows(inner, held)
    return [box] if len(parts) < 2 else [_box(without_titles(part), held) for part in parts]


def cut_rows(rows: Sequence[Row], drawn: Drawn) -> list[list[Row]]:
    """The rows of each of the tables that `rows` are; `drawn` is what is drawn around them."""
    done: list[list[Row]] = []
    waiting = [list(rows)]
    while waiting and len(done) + len(waiting) < _MOST_PARTS:
        part = waiting.pop()
        pieces: list[list[Row]] = []
        if len(part) >= _LEAST_ROWS:
            beside = gutters(part, drawn)
            pieces = _by_grids(part, drawn) or parted(beside, drawn, certain=True)
            pieces = pieces or stacked(part, drawn) or parted(beside, drawn, certain=False)
        if pieces:
            waiting += reversed(pieces)
        else:
            done.append(part)
    return done + waiting


def without_titles(rows: Sequence[Row]) -> list[Row]:
    """Without a bold line of its own over or under the lines of a table: its title, or the next one's."""
    every = bands(rows)
    tops = [band[0].middle for band in every]
    steps = sorted(two - one for one, two in pairwise(tops))
    if len(every) > 3:
        usual, left = steps[len(steps) // 2], min(row.box.l for row in rows)
        size = sorted(row.size for row in rows)[len(rows) // 2]
        for end, step in ((-1, tops[-1] - tops[-2]), (0, tops[1] - tops[0])):
            line = every[end][0]
            alone = len(every[end]) == 1 and line.bold and line.box.l < left + _ALIGNED
            if alone and (step > 1.2 * usual or line.size > _TITLE_SIZE * size):
                every.pop(end)
    return [row for band in every for row in band]


def _box(rows: Sequence[Row], drawn: Drawn) -> Box:
    """The hull of the rows, and of what is drawn around them."""
    box = hull(row.box for row in rows)
    size = rows[0].size
    reach = Box(box.l - 6, box.t - 0.9 * size, box.r + 6, box.b + 0.9 * size)
    near = [
        mark
        for mark in (*drawn.across, *drawn.down)
        if mark.inside(reach) > 0.9 or mark.intersection(box) > 0.9 * mark.area
    ]
    return hull([box, *near, *(grid for grid in drawn.grids if grid.inside(reach) > 0.6)])


def _by_grids(rows: Sequence[Row], drawn: Drawn) -> list[list[Row]]:
    """The rows of each ruled grid, where several apart from each other hold all that stands in columns."""
    if len(drawn.grids) < 2:
        return []
    grids: list[Box] = []
    size = max(row.size for row in rows)
    for grid in sorted(drawn.grids, key=lambda grid: grid.t):
        held = within(rows, grid)
        if not held:
            continue
        last = grids[-1] if grids else None
        if (
            last is not None
            and -1 < grid.t - last.b < 0.8 * size
            and abs(grid.l - last.l) < 4
            and abs(grid.r - last.r) < 4
        ):
            grids[-1] = last.union(grid)  # a double rule within one table
        else:
            grids.append(grid)
    if len(grids) < 2 or any(one.intersection(two) > 0 for one, two in pairwise(grids)):
        return []
    parts = [within(rows, grid) for grid in grids]
    taken = {row.cells[0] for part in parts for row in part}
    loose = [band for band in bands(rows) if not any(row.cells[0] in taken for row in band)]
    if any(len(band) > 1 and not _over_each(band, grids) for band in loose):
        return []
    return parts


def _over_each(band: Sequence[Row], grids: Sequence[Box]) -> bool:
    """True for the titles of grids that stand beside each other: each begins over another one."""
    under = [
        next(
            (
                at
                for at, grid in enumerate(grids)
                if grid.l - _ALIGNED < row.box.l < grid.r and grid.t > row.middle
            ),
            -1,
        )
        for row in band
    ]
    return -1 not in under and len(set(under)) == len(under)
