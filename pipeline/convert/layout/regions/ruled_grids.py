"""Ruled grids: what a page's rulings alone say about tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docmill.pipeline.convert.layout.blocks.spatial import merge_near, within
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.types import Box, Ruling

__all__ = ["bands", "booktabs", "panel_grids", "ruled_grids", "ruling_box", "tabular"]

_TOLERANCE = 3.0  # points within which two rulings are on one line
_MAX_RULINGS = 5000
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
        if covered >= 0.5 * length:
            found.append(group[0][0])
    return found


def _cell(value: float, lines: Sequence[float]) -> int:
    return sum(1 for line in lines if line <= value)


def ruled_grids(rulings: Sequence[Ruling], rows: Sequence[Row], width: float, height: float) -> list[Box]:
    """Boxes of grids with at least two columns and two rows, and text in at least three cells of them.

    Diagrams made of boxes are no grids: the lines of a grid run through at least half of it.
    """
    usable = [
        ruling
        for ruling in rulings[:_MAX_RULINGS]
        if ruling.x1 - ruling.x0 < 0.97 * width and ruling.y1 - ruling.y0 < 0.97 * height
    ]
    found: list[Box] = []
    for box, count in merge_near((ruling_box(ruling) for ruling in usable), 2.0):
        if count < 6 or box.width < 40 or box.height < 16:
            continue
        inner = [ruling for ruling in usable if ruling_box(ruling).inside(box.padded(1)) > 0.9]
        across = _lines(((r.y0, r.x0, r.x1) for r in inner if r.horizontal), box.width)
        down = _lines(((r.x0, r.y0, r.y1) for r in inner if not r.horizontal), box.height)
        if len(across) < 3 or len(down) < 3:
            continue
        cells = {(_cell(row.middle, across), _cell(row.centre, down)) for row in within(rows, box)}
        if len(cells) >= 3 and len({column for _, column in cells}) >= 2:
            found.append(box)
    return found


def booktabs(rulings: Sequence[Ruling], rows: Sequence[Row], height: float) -> list[Box]:
    """Boxes between horizontal rules of equal extent whose text stands in columns of short cells."""
    groups: dict[tuple[int, int], list[Ruling]] = {}
    for ruling in rulings[:_MAX_RULINGS]:
        if ruling.horizontal and ruling.x1 - ruling.x0 > 60:
            groups.setdefault((round(ruling.x0 / 4), round(ruling.x1 / 4)), []).append(ruling)
    found: list[Box] = []
    for group in groups.values():
        tops = sorted({round(ruling.y0) for ruling in group})
        if len(tops) < 3 or tops[-1] - tops[0] > 0.7 * height:
            continue
        box = Box(min(r.x0 for r in group), tops[0], max(r.x1 for r in group), tops[-1])
        inner = within(rows, box)
        if tabular(inner, box.width):
            found.append(box)
    return found


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
