"""Regions made by hand, and pages that they are of."""

from __future__ import annotations

from docmill.pipeline.convert.types import Box, Cluster
from tests.convert.layout.sheet import Sheet

__all__ = ["figure", "region", "table"]


def region(label: str, box: Box, score: float = 0.75, cells: tuple[int, ...] = ()) -> Cluster:
    """A region that geometry found."""
    return Cluster(id=0, label=label, score=score, box=box, source="geometry", cells=list(cells))


def table(
    top: float = 300, rules: tuple[float, ...] = (0, 15, 60), left: float = 100
) -> tuple[Sheet, Cluster]:
    """Rules, and four lines in three columns from `left` on."""
    sheet = Sheet()
    for y in rules:
        sheet.rule(100, top + y, 400, top + y)
    for row in range(4):
        for column in range(3):
            sheet.line(left + 4 + 100 * column, top + 3 + 15 * row, "Ebb")
    return sheet, region("table", Box(100, top, 400, top + 60))


def figure(
    caption: str = "Figure 2: Tides of the year", gap: float = 10, score: float = 0.8
) -> tuple[Sheet, Cluster, Cluster]:
    """Five shapes with names in them, and a caption so far below, the page's first line."""
    sheet = Sheet()
    box = sheet.line(150, 300 + gap, caption)
    sheet.page.shapes += [Box(110 + 50 * at, 210, 150 + 50 * at, 290) for at in range(5)]
    for at in range(5):
        sheet.line(115 + 50 * at, 240, "Ebb", 8)
    return sheet, region("picture", Box(105, 200, 365, 300), score), region("caption", box, cells=(0,))
