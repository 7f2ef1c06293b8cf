"""Tables of contents: rows that end in a page number, after dot leaders or in a column of their own."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from docmill.pipeline.convert.common_edges import by_edge
from docmill.pipeline.convert.layout.blocks.markers import leader_page
from docmill.pipeline.convert.layout.blocks.spatial import hull, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.regions.tables.column_heads import with_heads
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands
from docmill.pipeline.convert.types import Box

__all__ = ["aligned_indexes", "leader_indexes"]

_NUMBER = re.compile(r"(?:\d{1,4}|[ivxlc]{1,6})")
_FIGURE = re.compile(r"[-–—−(+$€£]?\s?\d[\d.,' ]*[)%€$£]?|[-–—−]|\.{2,3}|…|n\.?a\.?")
#: What no page number has: a sign, a currency, thousands, decimals, per cent.
_VALUE = re.compile(r"[-–—−+($€£¥].*|\d+(?:[)%]|[.,'’ ][\d.,'’ ]*[)%$€£¥]?)")
_LEAST_LEADERS = 3
_LEAST_ALIGNED = 6
_LEAST_HEADED = 3  # under a heading that says that it is contents
_ALIGNED = 3.0  # points within which edges are one
_HEAD = re.compile(
    r"(?:table of )?contents|inhalt(?:sverzeichnis)?|table des matières|sommaire|[íi]ndice|sumário|"
    r"inhoud(?:sopgave)?|innehåll|indhold|sisällys|obsah|spis treści|содержание|оглавление|"
    r"目录|目次|차례|목차",
    re.IGNORECASE,
)
_LEAST_STEP = 1.5  # pages from entry to entry on the average


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


def _region(run: Sequence[Row], rows: Sequence[Row], *, pages: float) -> Box:
    """The run's hull, with the wrapped titles within its lines, and the pages up to `pages` points behind."""
    box = hull(row.box for row in run)
    reach, behind = Box(box.l - 1, box.t, box.r + 1, box.b), Box(box.r, box.t, box.r + 1 + pages, box.b)
    titles = [row.box for row in rows if row.box.inside(reach) > 0.6]
    found = [row.box for row in rows if row.box.inside(behind) > 0.6 and not _is_title(row)]
    return hull([box, *titles, *found])


def _aligned(rows: Sequence[Row], least: int, *, beside: bool) -> list[Row]:
    """Entries of an index without leaders: a title, and a page number at a shared edge on either side.

    `beside`: there may be other columns of text, so that a line has more than an entry.
    """
    if sum(row.text.isdecimal() for row in rows) < least:
        return []
    every = bands(rows)
    after = [
        row for column in _columns(_entries_before(every, beside=beside)) for row in _in_column(column, least)
    ]
    if after:
        return after
    before = [
        [
            row
            for column in _columns(_entries_behind(every, right=right))
            # numbers that count by one are those of items
            if column[-1].page - column[0].page >= _LEAST_STEP * (len(column) - 1)
            for row in _in_column(column, least)
        ]
        for right in (False, True)
    ]
    return max(before, key=len)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A title and a page number, the edge that such numbers share, and what stands in its line."""

    edge: float
    page: int
    rows: list[Row]


def _entries_before(every: Sequence[Sequence[Row]], *, beside: bool) -> list[_Entry]:
    """The titles with a page number behind them."""
    found: list[_Entry] = []
    for band in every:
        ordered = sorted(band, key=lambda row: row.box.l)
        whole = 2 <= len(ordered) <= 3
        for at in range(1, len(ordered)) if beside else [len(ordered) - 1] if whole else []:
            number, title = ordered[at], ordered[at - 1]
            if not _is_page(number) or not _is_title(title):
                continue
            if at + 1 < len(ordered) and _FIGURE.fullmatch(ordered[at + 1].text):
                continue  # a row of figures
            label = at > 1 and len(ordered) == at + 1 and not _is_page(ordered[at - 2])
            found.append(_Entry(number.box.r, int(number.text), ordered[at - 1 - label : at + 1]))
    return found


def _entries_behind(every: Sequence[Sequence[Row]], *, right: bool) -> list[_Entry]:
    """The lines that are a page number and a title behind it; numbers share their left or right edge."""
    return [
        _Entry(number.box.r if right else number.box.l, int(number.text), [number, title])
        for number, title in (sorted(band, key=lambda row: row.box.l) for band in every if len(band) == 2)
        if _is_page(number) and _is_title(title)
    ]


def _is_page(row: Row) -> bool:
    return row.text.isdecimal() and len(row.text) <= 4


def _is_title(row: Row) -> bool:
    return sum(char.isalpha() for char in row.text) >= 3


def _columns(entries: Sequence[_Entry]) -> list[list[_Entry]]:
    """Entries whose numbers stand at one edge, from top to bottom."""
    found = by_edge(entries, lambda entry: entry.edge, _ALIGNED)
    return [sorted(column, key=lambda entry: entry.rows[0].box.t) for column in found]


def _in_column(entries: Sequence[_Entry], least: int) -> list[Row]:
    """The entries' rows, where their numbers rise as pages do; else none."""
    rising = sum(one.page <= two.page for one, two in pairwise(entries))
    if len(entries) < least or rising < 0.95 * (len(entries) - 1):
        return []
    if entries[-1].page - entries[0].page < len(entries) // 2:
        return []  # a column of small counts
    return [replace(entry.rows[0], box=hull(row.box for row in entry.rows)) for entry in entries]


def leader_indexes(rows: Sequence[Row]) -> list[Found]:
    """Regions of tables of contents with dot leaders, one for each column of them."""
    leaders = [row for row in rows if row.angle == 0 and leader_page(row.text) is not None]
    figures = sorted(
        (row for row in rows if row.angle == 0 and _FIGURE.fullmatch(row.text) is not None),
        key=lambda row: row.middle,
    )
    found: list[Found] = []
    for run in _runs(leaders):
        beside = _beside(run, figures) if len(run) >= _LEAST_LEADERS else []
        if not beside or _continued(run, beside):
            continue
        box = _with_chapters(_region(run, rows, pages=60), rows)
        if _rising(run, beside):
            found.append(Found("document_index", box, 0.9, "geometry"))
        else:
            found.append(Found("table", with_heads(box, rows, within(rows, box)), 0.9, "geometry"))
    return found


def _beside(run: Sequence[Row], figures: Sequence[Row]) -> list[list[Row]]:
    """The figures at the right of each entry, from left to right."""
    heights = [row.middle for row in figures]
    found: list[list[Row]] = []
    for entry in run:
        slack = 0.3 * entry.box.height
        level = figures[
            bisect_left(heights, entry.middle - slack) : bisect_right(heights, entry.middle + slack)
        ]
        found.append(sorted((row for row in level if row.box.l > entry.box.r), key=lambda row: row.box.l))
    return found


def _continued(run: Sequence[Row], beside: Sequence[Sequence[Row]]) -> bool:
    """True when further figures follow at the right of most entries: these are rows of a data table."""
    # the one next to dots that end without a number is the page
    more = sum(
        len(apart) > (0 if leader_page(entry.text) else 1) for entry, apart in zip(run, beside, strict=True)
    )
    return more >= 0.5 * len(run)


def _rising(run: Sequence[Row], beside: Sequence[Sequence[Row]]) -> bool:
    """True when the numbers may be those of pages: they rise, or the titles go by the alphabet."""
    ends = [
        leader_page(row.text) or (apart[0].text if apart else "")
        for row, apart in zip(run, beside, strict=True)
    ]
    if sum(_VALUE.fullmatch(end) is not None for end in ends) > 0.2 * len(ends):
        return False
    pages = [int(page) for page in ends if page.isdecimal()]
    names = [row.text.casefold() for row in run]
    rises = sum(one <= two for one, two in pairwise(pages))
    sorts = sum(one <= two for one, two in pairwise(names))
    if len(pages) < 4 or rises >= 0.7 * (len(pages) - 1):
        return True
    return sorts >= 0.7 * (len(names) - 1)


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
    """Regions of tables of contents whose page numbers stand in a column, without leaders.

    Under a heading that says what they are a few entries are enough.
    """
    level = [row for row in rows if row.angle == 0]
    runs = _runs(_aligned(level, _LEAST_ALIGNED, beside=False))
    found = [run for run in runs if len(run) >= _LEAST_ALIGNED]
    heads = [row for row in level if _HEAD.fullmatch(row.text)]
    if heads and not found:
        runs = _runs(_aligned(level, _LEAST_HEADED, beside=True))
        found = [run for run in runs if any(_heads(head, run) for head in heads)]
    return [Found("document_index", _region(run, rows, pages=0), 0.8, "geometry") for run in found]


def _heads(head: Row, run: Sequence[Row]) -> bool:
    """True for a heading right over a run of entries."""
    box = hull(row.box for row in run)
    return (
        -head.size < box.t - head.box.b < 4 * head.size
        and min(head.box.r, box.r) - max(head.box.l, box.l) > 0.5 * head.box.width
    )
