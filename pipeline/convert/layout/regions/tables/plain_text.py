"""What a detector takes for tables and is none: framed text, listings, columns of prose and of lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.markers import DASHES, is_bullet
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.drawn import is_numeric, stretches
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands
from docmill.pipeline.convert.types import Box

__all__ = ["is_text"]

_MOST_COLUMNS = 3
_MOST_ADDRESS = 8  # lines
#: A postal code before a town, or a town and a state before it.
_TOWN = re.compile(r"(?:[A-Z]{1,2}-)?\d{4,5}\s+[^\W\d_]{3}|[A-Z][a-z]{2,20},\s+[A-Z]{2}\s+\d{5}")


def is_text(rows: Sequence[Row], box: Box) -> bool:
    """True for rows in the box of a table that are text; nothing but a frame may be drawn around them."""
    if not rows:
        return False
    return _one_column(rows, box) or _columns_of_prose(rows) or _columns_of_lists(rows) or _addresses(rows)


def _one_column(rows: Sequence[Row], box: Box) -> bool:
    """True for lines of one piece each, be they a listing, a letter in a frame or entries with a date."""
    every = bands(rows)
    several = [band for band in every if len(band) > 1]
    if len(every) < 2:
        return False
    if not several:
        return sum(map(is_numeric, rows)) < 0.5 * len(rows)
    if sum(row.mono for row in rows) > 0.6 * len(rows):
        return len(several) < 0.3 * len(every)
    single = [band[0] for band in every if len(band) == 1]
    left = min(row.box.l for row in rows)
    flush = sum(row.box.l < left + 2 * row.size and row.box.width > 0.3 * box.width for row in single)
    return len(several) < 0.3 * len(every) and flush >= 0.5 * len(every)


def _columns_of_prose(rows: Sequence[Row]) -> bool:
    """True for columns of full lines: most end at the column's right edge, as those of paragraphs do."""
    columns = stretches(rows)
    if not 2 <= len(columns) <= _MOST_COLUMNS:
        return False
    for left, right in columns:
        column = [row for row in rows if left <= row.centre <= right]
        words = sorted(len(row.text.split()) for row in column)
        full = sum(row.box.r > right - 0.15 * (right - left) for row in column)
        if len(column) < 4 or words[len(words) // 2] < 4 or full < 0.6 * len(column):
            return False
        tops = sorted(row.box.t for row in column)
        steps = sorted(two - one for one, two in pairwise(tops))
        if steps[len(steps) // 2] > 1.7 * column[0].size:
            return False
    return True


def _columns_of_lists(rows: Sequence[Row]) -> bool:
    """True when much of what stands in columns are items with a bullet of their own."""
    items = [row for row in rows if len(row.text.split()) > 1 and is_bullet(row.first, row.first_font)]
    return len(items) > 2 and sum(row.first not in DASHES for row in items) >= 0.4 * len(rows)


def _addresses(rows: Sequence[Row]) -> bool:
    """True for a few lines in two columns or more, with a postal code and a town in two of them."""
    columns = stretches(rows)
    if len(columns) < 2 or len(rows) > _MOST_ADDRESS * len(columns):
        return False
    towns = {
        at
        for row in rows
        for at, span in enumerate(columns)
        if span[0] <= row.centre <= span[1] and _TOWN.match(row.text)
    }
    return len(towns) > 1
