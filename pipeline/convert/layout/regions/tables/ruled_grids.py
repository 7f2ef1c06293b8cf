"""Ruled grids: what a page's rulings alone say about tables."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec.structs import replace

from docmill.pipeline.convert.layout.blocks.spatial import hull, lies_in, merge_near, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.types import Box, PageContent, Ruling, Word

__all__ = ["bands", "booktabs", "column_ruled", "panel_grids", "ruled_grids", "ruling_box", "tabular"]

_TOLERANCE = 3.0  # points within which two rulings are on one line
_MAX_RULINGS = 5000
_MAX_CELLS = 2000  # beside one rule
_PANEL_GAP = 8.0  # at most so far apart are cells that are drawn as filled rectangles


def ruling_box(ruling: Ruling) -> Box:
    """The box of a ruling, with a little substance."""
    return Box(ruling.x0, ruling.y0, max(ruling.x1, ruling.x0 + 0.1), max(ruling.y1, ruling.y0 + 0.1))


def _lines(spans: Iterable[tuple[float, float, float]], length: float) -> list[float]:
    """Positions at which spans (position, from, to) cover at least half of `length` together."""
    groups: list[list[tuple[float, float, float]]] = []
    for span in sorted(spans):
        if groups and span[0] - groups[-1][0][0] <= _TOLERANCE:
            groups[-1].append(span)
        else:
            groups.append([span])
    found: list[float] = []
    for group in groups:
        covered, reach = 0.0, float("-inf")
        for _, begin, end in sorted(group, key=lambda span: span[1]):
            covered += max(0.0, end - max(begin, reach))
            reach = max(reach, end)
        if covered >= 0.5 * length - 1.0:  # a head's rules over one row that spans the table are half
            found.append(group[0][0])
    return found


def _cell(value: float, lines: Sequence[float]) -> int:
    return sum(1 for line in lines if line <= value)


def ruled_grids(
    rulings: Sequence[Ruling], rows: Sequence[Row], width: float, height: float
) -> list[tuple[Box, float]]:
    """Grids with at least two columns and two rows, and text in at least three cells of them.

    Each with the share of its cells that hold text, which is small for the grid of a chart. Diagrams made of
    boxes are no grids: the lines of a grid run through at least half of it.
    """
    usable = [
        ruling
        for ruling in rulings[:_MAX_RULINGS]
        if ruling.x1 - ruling.x0 < 0.97 * width and ruling.y1 - ruling.y0 < 0.97 * height
    ]
    found: list[tuple[Box, float]] = []
    for box, count in merge_near((ruling_box(ruling) for ruling in usable), 2.0):
        if count < 6 or box.width < 40 or box.height < 16:
            continue
        frame = box.padded(1)
        inner = [ruling for ruling in usable if lies_in(ruling_box(ruling), frame, 0.9)]
        across = _lines(((r.y0, r.x0, r.x1) for r in inner if r.horizontal), box.width)
        down = _lines(((r.x0, r.y0, r.y1) for r in inner if not r.horizontal), box.height)
        if len(across) < 3 or len(down) < 3:
            continue
        cells = {(_cell(row.middle, across), _cell(row.centre, down)) for row in within(rows, box)}
        if len(cells) >= 3 and len({column for _, column in cells}) >= 2:
            found.append((box, len(cells) / ((len(across) - 1) * (len(down) - 1))))
    return found


def booktabs(rulings: Sequence[Ruling], rows: Sequence[Row], height: float) -> list[Box]:
    """Boxes between horizontal rules of equal extent whose text stands in columns of short cells."""
    groups: dict[tuple[int, int], list[Ruling]] = {}
    for ruling in rulings[:_MAX_RULINGS]:
        if ruling.horizontal and ruling.x1 - ruling.x0 > 60:
            groups.setdefault((round(ruling.x0 / 4), round(ruling.x1 / 4)), []).append(ruling)
    prose = [row for row in rows if row.chars > 30 and not row.split]
    found: list[Box] = []
    for group in groups.values():
        left, right = min(r.x0 for r in group), max(r.x1 for r in group)
        for tops in _apart(sorted({round(r.y0) for r in group}), prose, left, right):
            if len(tops) < 3 or tops[-1] - tops[0] > 0.7 * height:
                continue
            box = Box(left, tops[0], right, tops[-1])
            if tabular(within(rows, box), box.width):
                found.append(box)
    return found


def _apart(tops: Sequence[int], prose: Sequence[Row], left: float, right: float) -> list[list[int]]:
    """Heights of rules, parted where full lines of text stand between them: those rules frame something."""
    width = right - left
    full = sorted(row.middle for row in prose if min(row.box.r, right) - max(row.box.l, left) > 0.8 * width)
    runs: list[list[int]] = []
    for top in tops:
        if runs and bisect_left(full, top) - bisect_left(full, runs[-1][-1]) < 1:
            runs[-1].append(top)
        else:
            runs.append([top])
    return runs


def column_ruled(page: PageContent, rows: Sequence[Row]) -> list[Box]:
    """Boxes of tables that only upright rules between columns show, all from one height to another."""
    groups: dict[tuple[int, int], list[Box]] = {}
    for rule in _upright(page.rulings[:_MAX_RULINGS]):
        if rule.height > 24:
            groups.setdefault((round(rule.t / 4), round(rule.b / 4)), []).append(rule)
    found: list[Box] = []
    for group in groups.values():
        edges = sorted(rule.l for rule in group)
        top, bottom = min(rule.t for rule in group) - 2, max(rule.b for rule in group) + 2
        beside = [row for row in rows if top < row.box.t and row.box.b < bottom and not row.angle]
        if not beside or len(beside) > _MAX_CELLS:
            continue
        widest = max([two - one for one, two in pairwise(edges)], default=0.0)
        reach = max(1.5 * widest, 0.3 * page.width)
        inner = [row for row in beside if row.box.r > edges[0] - reach and row.box.l < edges[-1] + reach]
        inner = [piece for row in inner for piece in _pieces(row, edges[:20], page)]
        if any(row.box.l < edge - 2 and row.box.r > edge + 2 for row in inner for edge in edges[:20]):
            continue
        every = bands(inner)
        parted = sum(
            1
            for band in every
            if any(one.centre < edge < two.centre for one, two in _pairs(band) for edge in edges[:20])
        )
        if len(every) >= 3 and parted >= 0.75 * len(every) and _are_cells(inner, edges):
            box = hull([*(row.box for row in inner), *group])
            flat = (ruling_box(r) for r in page.rulings[:_MAX_RULINGS] if r.horizontal)
            if all(rule.width > 0.7 * box.width for rule in flat if lies_in(rule, box.padded(3), 0.9)):
                found.append(box)  # short rules would be the sides of boxes
    return found


def _upright(rulings: Iterable[Ruling]) -> list[Box]:
    """Upright rules, those drawn cell by cell as one each."""
    joined: list[Box] = []
    upright = (ruling_box(ruling) for ruling in rulings if not ruling.horizontal)
    for rule in sorted(upright, key=lambda rule: (round(rule.l), rule.t)):
        last = joined[-1] if joined else None
        if last is not None and abs(rule.l - last.l) < 1.0 and -1.0 < rule.t - last.b < 1.0:
            joined[-1] = last.union(rule)
        else:
            joined.append(rule)
    return joined


def _pieces(row: Row, edges: Sequence[float], page: PageContent) -> list[Row]:
    """A row parted at the rules that run between its words; narrow columns make one line of several cells."""
    crossed = [edge for edge in edges if row.box.l < edge - 2 and row.box.r > edge + 2]
    if not crossed or row.ocr or len(row.cells) != 1:
        return [row]
    line = page.cells[row.cells[0]]
    parts: dict[int, list[Word]] = {}
    for word in page.words[line.first : line.first + line.count]:
        if any(word.box.l < edge - 1 and word.box.r > edge + 1 for edge in crossed):
            return [row]
        parts.setdefault(_cell(word.box.l + 1, crossed), []).append(word)
    return [
        replace(row, box=hull(word.box for word in words), text=" ".join(word.text for word in words))
        for words in parts.values()
    ]


def _are_cells(rows: Sequence[Row], edges: Sequence[float]) -> bool:
    """True for short pieces of text; of names and what they mean, the names have to be."""
    words = [(len(row.text.split()), row.centre < edges[0]) for row in rows]
    if sum(count <= 5 for count, _ in words) >= 0.8 * len(words):
        return True
    first = [count for count, at_left in words if at_left]
    meant = sum(count <= 8 for count, _ in words)
    return len(edges) == 1 and bool(first) and max(first) <= 3 and meant >= 0.8 * len(words)


def _pairs(band: Sequence[Row]) -> Iterable[tuple[Row, Row]]:
    return pairwise(sorted(band, key=lambda row: row.box.l))


def panel_grids(shapes: Sequence[Box], rows: Sequence[Row]) -> list[Box]:
    """Boxes of tables whose cells are drawn as filled rectangles, side by side in at least three rows.

    Bars of charts are no cells: most cells hold text, and their edges are shared from row to row.
    """
    lines: dict[tuple[int, int], list[Box]] = {}
    for shape in shapes[:_MAX_RULINGS]:
        if shape.width > 12 and 6 < shape.height < 200:
            lines.setdefault((round(shape.t / 2), round(shape.b / 2)), []).append(shape)
    ordered = sorted(
        (line for line in map(_distinct, lines.values()) if len(line) > 1), key=lambda line: line[0].t
    )
    runs: list[list[list[Box]]] = []
    for line in ordered:
        if runs and -2 <= line[0].t - runs[-1][-1][0].b <= _PANEL_GAP and _edges_shared(runs[-1][-1], line):
            runs[-1].append(line)
        else:
            runs.append([line])
    found: list[Box] = []
    for run in runs:
        cells = [cell for line in run for cell in line]
        box = Box(
            min(c.l for c in cells), min(c.t for c in cells), max(c.r for c in cells), max(c.b for c in cells)
        )
        inner = within(rows, box)
        filled = sum(1 for cell in cells if within(inner, cell))
        if len(run) >= 3 and filled >= 0.6 * len(cells):
            found.append(box)
    return found


def _distinct(line: Iterable[Box]) -> list[Box]:
    """Boxes of one row from left to right, none over another, ended at a gap wider than between cells."""
    kept: list[Box] = []
    for box in sorted(line, key=lambda box: box.l):
        if not kept or -2 <= box.l - kept[-1].r <= _PANEL_GAP:
            kept.append(box)
    return kept


def _edges_shared(upper: Sequence[Box], lower: Sequence[Box]) -> bool:
    """True when most boxes of a row stand right under one of the row above."""
    lefts = {round(box.l / 3) for box in upper}
    near = sum(1 for box in lower if lefts & {round(box.l / 3) + step for step in (-1, 0, 1)})
    return near >= 0.6 * max(len(lower), len(upper))


def bands(rows: Iterable[Row]) -> list[list[Row]]:
    """Rows grouped by baseline, from top to bottom."""
    found: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: row.middle):
        if found and row.middle - found[-1][-1].middle < 0.4 * min(row.box.height, found[-1][-1].box.height):
            found[-1].append(row)
        else:
            found.append([row])
    return found


def tabular(rows: Sequence[Row], width: float) -> bool:
    """True when most baselines carry several short pieces of text."""
    if len(rows) < 4:
        return False
    every = bands(rows)
    several = sum(1 for band in every if len(band) > 1)
    widths = sorted(row.box.width for row in rows)
    return len(every) >= 2 and several >= 0.5 * len(every) and widths[len(widths) // 2] < 0.4 * width
