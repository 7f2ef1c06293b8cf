"""Tables of contents: rows that end in a page number, after dot leaders or in a column of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.markers import leader_page
from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.regions.ruled_grids import bands
from docmill.pipeline.convert.types import Box

__all__ = ["aligned_indexes", "leader_indexes"]

_NUMBER = re.compile(r"(?:\d{1,4}|[ivxlc]{1,6})")
_LEAST_LEADERS = 3
_LEAST_ALIGNED = 6


def _runs(entries: Sequence[Row]) -> list[list[Row]]:
    """Entries that follow each other in one column, without a gap of more than about four lines."""
    found: list[list[Row]] = []
    for row in sorted(entries, key=lambda row: row.box.t):
        for run in reversed(found[-4:]):
            last = run[-1]
            shared = min(last.box.r, row.box.r) - max(last.box.l, row.box.l)
            if row.box.t - last.box.b < 4.5 * row.size and shared > 0.3 * min(last.box.width, row.box.width):
                run.append(row)
                break
        else:
            found.append([row])
    return found


def _region(run: Sequence[Row], rows: Sequence[Row]) -> Box:
    """The run's hull, with the pages and wrapped titles that stand within its lines."""
    box = hull(row.box for row in run)
    reach = Box(box.l - 1, box.t, box.r + 60, box.b)
    return hull([box, *(row.box for row in rows if row.box.inside(reach) > 0.6)])


def _aligned(rows: Sequence[Row]) -> list[Row]:
    """Entries of an index without leaders: a title, and a page number at a shared right edge."""
    entries: list[tuple[float, int, list[Row]]] = []
    for band in bands(rows):
        ordered = sorted(band, key=lambda row: row.box.l)
        tail = ordered[-1]
        if not 2 <= len(ordered) <= 3 or not tail.text.isdigit() or len(tail.text) > 4:
            continue
        if sum(char.isalpha() for char in ordered[-2].text) >= 3:
            entries.append((tail.box.r, int(tail.text), ordered))
    if len(entries) < _LEAST_ALIGNED:
        return []
    edge = sorted(entry[0] for entry in entries)[len(entries) // 2]
    entries = [entry for entry in entries if abs(entry[0] - edge) < 3]
    rising = sum(1 for one, two in pairwise(entries) if two[1] >= one[1])
    if len(entries) < _LEAST_ALIGNED or rising < 0.95 * (len(entries) - 1):
        return []
    if entries[-1][1] - entries[0][1] < len(entries) // 2:
        return []  # a column of small counts
    return [replace(band[0], box=hull(row.box for row in band)) for _, _, band in entries]


def leader_indexes(rows: Sequence[Row]) -> list[Found]:
    """Regions of tables of contents with dot leaders, one for each column of them."""
    leaders = [row for row in rows if row.angle == 0 and leader_page(row.text) is not None]
    runs = [run for run in _runs(leaders) if len(run) >= _LEAST_LEADERS]
    return [
        Found("document_index", _with_chapters(_region(run, rows), rows), 0.9, "geometry") for run in runs
    ]


def _with_chapters(box: Box, rows: Sequence[Row]) -> Box:
    """Grown to the entries over and under it that have no leaders, only a page number at its right edge."""
    every = bands(row for row in rows if row.angle == 0 and row.box.l > box.l - 30 and row.box.r < box.r + 30)
    for band in reversed(every):
        if band[0].box.b < box.t + 1:
            whole = hull(row.box for row in band)
            if box.t - whole.b > 2.5 * band[0].size or not _numbered(band, box.r):
                break
            box = box.union(whole)
    for band in every:
        if band[0].box.t > box.b - 1:
            whole = hull(row.box for row in band)
            if whole.t - box.b > 2.5 * band[0].size or not _numbered(band, box.r):
                break
            box = box.union(whole)
    return box


def _numbered(band: Sequence[Row], edge: float) -> bool:
    """True for a title and, apart from it, a page number that ends at `edge`."""
    last = max(band, key=lambda row: row.box.r)
    return len(band) > 1 and _NUMBER.fullmatch(last.text) is not None and abs(last.box.r - edge) < 4


def aligned_indexes(rows: Sequence[Row]) -> list[Found]:
    """Regions of tables of contents whose page numbers stand in a column, without leaders."""
    runs = [
        run for run in _runs(_aligned([row for row in rows if row.angle == 0])) if len(run) >= _LEAST_ALIGNED
    ]
    return [Found("document_index", _region(run, rows), 0.8, "geometry") for run in runs]
