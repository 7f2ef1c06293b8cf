"""Scans that lie at a slant: their lines levelled, so that they can be grouped as typeset ones are."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from statistics import median

from msgspec.structs import replace

from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.types import Box, PageContent, PageOcr

__all__ = ["levelled", "page_skew", "slanted"]

_LEAST_WORDS = 4
_LEAST_WIDTH = 100.0  # points from the first to the last word of a line that tells a slant
_LEAST_LINES = 3
_LEAST_SKEW = 0.004  # 0.2 degrees; less does not part any lines
_MOST_SKEW = 0.12  # 7 degrees; more is no scan that was meant to be straight


def page_skew(read: PageContent | PageOcr | None) -> float:
    """By how much the lines of a scan fall for each point to the right; 0 for a page that lies straight.

    `read` has the recognised lines: ours, or those of the text layer of an `is_scan`.
    """
    if read is None:
        return 0.0
    slopes: list[float] = []
    for line in read.cells:
        words = read.words[max(0, line.first) : max(0, line.first) + max(0, line.count)]
        if len(words) < _LEAST_WORDS or words[0].angle:
            continue
        first, last = words[0].box, words[-1].box
        run = (last.l + last.r - first.l - first.r) / 2
        rise = (last.t + last.b - first.t - first.b) / 2
        if abs(run) >= _LEAST_WIDTH and isfinite(rise):
            slopes.append(rise / run)
    slope = median(slopes) if len(slopes) >= _LEAST_LINES else 0.0
    return slope if _LEAST_SKEW <= abs(slope) <= _MOST_SKEW else 0.0


def levelled(rows: Sequence[Row], skew: float, centre: float, *, layer: bool = False) -> list[Row]:
    """Recognised rows as they stand on a straight page that is pivoted at x = `centre`.

    `layer`: an OCR program recognised them all before us.
    """
    return [_levelled(row, skew, centre) if (row.ocr or layer) and not row.angle else row for row in rows]


def _levelled(row: Row, skew: float, centre: float) -> Row:
    box = row.box
    height = max(0.4 * min(box.height, row.size), box.height - abs(skew) * box.width)
    middle = row.middle - skew * (row.centre - centre)
    return replace(row, box=Box(box.l, middle - height / 2, box.r, middle + height / 2))


def slanted(rows: Sequence[Row], boxes: Sequence[Box]) -> list[Row]:
    """Levelled rows where they stand on the page; `boxes` are those of all of its lines."""
    return [replace(row, box=hull(boxes[cell] for cell in row.cells)) for row in rows]
