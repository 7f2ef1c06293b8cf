"""Tables without rulings or a detection: short pieces of text, many of them numbers, aligned in columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.regions.ruled_grids import bands
from docmill.pipeline.convert.types import Box

__all__ = ["aligned_tables", "shared_edges"]

_LEAST_BANDS = 4
_LEAST_NUMBERS = 0.35
_LEAST_LETTERED, _MOST_LETTERED = 5, 40  # baselines of a table of words
_MAX_ROWS = 3000
_SCORE = 0.6


def _numeric(row: Row) -> bool:
    """True for figures: digits, or the dash that stands for none."""
    digits = sum(char.isdigit() for char in row.text)
    return digits >= 0.4 * len(row.text.replace(" ", "")) or row.text in {"-", "–", "—"}


def _runs(rows: Sequence[Row]) -> list[list[list[Row]]]:
    """Runs of baselines of which no two neighbours lack a second piece, evenly spaced."""
    runs: list[list[list[Row]]] = []
    current: list[list[Row]] = []
    for band in bands(rows):
        if current:
            gap = min(row.box.t for row in band) - max(row.box.b for row in current[-1])
            lone = len(band) == 1 and len(current[-1]) == 1
            if lone or gap > 2.2 * band[0].size:
                runs.append(current)
                current = []
        current.append(band)
    return [*runs, current] if current else runs


def shared_edges(rows: Sequence[Row]) -> int:
    """How many vertical lines three or more pieces start or end on."""
    left = Counter(round(row.box.l / 3) for row in rows)
    right = Counter(round(row.box.r / 3) for row in rows)
    columns = 0
    for counter in (left, right):
        columns = max(columns, sum(1 for count in counter.values() if count >= 3))
    return columns


def _in_columns(run: Sequence[Sequence[Row]]) -> bool:
    """True for three or more columns of a few words each, as many on nearly every baseline.

    Columns of prose have longer lines, an index of a book more of them, and addresses say so.
    """
    if not _LEAST_LETTERED <= len(run) <= _MOST_LETTERED:
        return False
    every = [sorted(band, key=lambda row: row.box.l) for band in run]
    number = Counter(map(len, every)).most_common(1)[0][0]
    whole = [band for band in every if len(band) == number]
    pieces = [row for band in every for row in band]
    words = sorted(len(row.text.split()) for row in pieces)
    if number < 3 or len(whole) < 0.8 * len(every) or words[int(0.8 * len(words))] > 4:
        return False
    if any(row.marker or "@" in row.text for row in pieces):
        return False
    if any(two.box.l - one.box.r < 1.2 * one.size for band in whole for one, two in pairwise(band)):
        return False
    return all(_lined_up([band[column].box for band in whole]) for column in range(number))


def _lined_up(boxes: Sequence[Box]) -> bool:
    """True when most boxes of a column share their left edge, their right edge or their centre."""
    for edges in ([box.l for box in boxes], [box.r for box in boxes], [(box.l + box.r) / 2 for box in boxes]):
        middle = sorted(edges)[len(edges) // 2]
        if sum(abs(edge - middle) < 2.5 for edge in edges) >= 0.8 * len(edges):
            return True
    return False


def aligned_tables(rows: Sequence[Row], width: float) -> list[Found]:
    """Tables that only alignment shows: a third of the pieces are numbers, or the columns are strict."""
    if len(rows) > _MAX_ROWS:
        return []
    found: list[Found] = []
    for run in _runs([row for row in rows if not row.angle]):
        while run and len(run[0]) == 1:
            run = run[1:]
        while run and len(run[-1]) == 1:
            run = run[:-1]
        pieces = [row for band in run for row in band]
        several = sum(1 for band in run if len(band) > 1)
        if len(run) < _LEAST_BANDS or several < 0.6 * len(run) or shared_edges(pieces) < 2:
            continue
        if any(row.box.width > 0.5 * width for row in pieces):
            continue
        if sum(map(_numeric, pieces)) >= _LEAST_NUMBERS * len(pieces) or _in_columns(run):
            found.append(Found("table", hull(row.box for row in pieces), _SCORE, "geometry"))
    return found
