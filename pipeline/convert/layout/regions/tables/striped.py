"""Tables that have a background behind every other row, and nothing else that is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.spatial import hull, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.drawn import Drawn
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands
from docmill.pipeline.convert.types import Box

__all__ = ["striped"]

_LEAST = 2  # stripes
_EVEN = 2.0  # points by which stripes and the distances between them may differ
_TALLEST = 80.0
_WIDEST = 2.5  # stripes that the next one may be away, from top to top
_LEAST_COLUMNS = 0.6  # of the lines have text in several places


def striped(drawn: Drawn, rows: Sequence[Row]) -> list[Box]:
    """Boxes of stripes at even distances whose lines, those between them too, have several pieces of text.

    A line right over the first stripe, or under the last, belongs to them: its own background is white.
    """
    found: list[Box] = []
    for stripes in _evenly_spaced(drawn.shades):
        step = stripes[1].t - stripes[0].t
        left, right = stripes[0].l, stripes[0].r
        box = Box(left, stripes[0].t - (step - stripes[0].height), right, stripes[-1].t + step)
        every = bands(within(rows, box))
        several = sum(len(band) > 1 for band in every)
        code = sum(row.code for band in every for row in band)
        if len(every) < 2 * _LEAST or several < _LEAST_COLUMNS * len(every) or code:
            continue
        found.append(hull([*stripes, *(row.box for band in every for row in band)]))
    return found


def _evenly_spaced(shades: Sequence[Box]) -> list[list[Box]]:
    """Backgrounds under each other with one left and right edge, one height and one distance."""
    columns: dict[tuple[int, int], list[Box]] = {}
    for shade in shades:
        if shade.height < _TALLEST:
            columns.setdefault((round(shade.l / 3), round(shade.r / 3)), []).append(shade)
    found: list[list[Box]] = []
    for column in columns.values():
        column.sort(key=lambda shade: shade.t)
        run = column[:1]
        for one, two in pairwise(column):
            step = run[1].t - run[0].t if len(run) > 1 else two.t - one.t
            even = abs(two.t - one.t - step) < _EVEN and abs(two.height - one.height) < _EVEN
            if even and 1.3 * one.height < step < _WIDEST * one.height:
                run.append(two)
            else:
                found.append(run)
                run = [two]
        found.append(run)
    return [run for run in found if len(run) >= _LEAST]
