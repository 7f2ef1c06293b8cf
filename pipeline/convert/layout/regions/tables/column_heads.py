"""The row of column heads right above a table, which stands apart from its rows."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.markers import CAPTION
from docmill.pipeline.convert.layout.blocks.spatial import hull, lies_in
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands
from docmill.pipeline.convert.types import Box

__all__ = ["with_heads"]


def with_heads(box: Box, rows: Sequence[Row], body: Sequence[Row]) -> Box:
    """Grown to a row of column heads right above, which a detection may miss where they are shaded."""
    if not body:
        return box
    size = max(row.size for row in body)
    reach = Box(box.l - 2, box.t - 2.2 * size, box.r + 2, box.t)
    above = [row for row in rows if row.middle < box.t and lies_in(row.box, reach, 0.6)]
    if len(above) == 1 and above[0].bold and _heads_figures(above[0], body):
        return box.union(above[0].box)
    if len(above) < 2 or len(bands(above)) > 1 or any(CAPTION.match(row.text) for row in above):
        return box
    columns = sum(1 for head in above if any(_aligned(head.box, row.box) for row in body))
    as_many = len(above) == len(bands(body)[0])
    heads = as_many or columns >= max(2, 0.5 * len(above))
    return hull([box, *(row.box for row in above)]) if heads else box


def _heads_figures(head: Row, body: Sequence[Row]) -> bool:
    """True for a short head that shares its right edge with what ends most lines, far from their names."""
    ends = [max(row.box.r for row in band) for band in bands(body)]
    flush = sum(abs(head.box.r - end) < 2.5 for end in ends)
    left = min(row.box.l for row in body)
    return head.chars <= 20 and head.box.l > left + 8 * head.size and flush >= 0.8 * len(ends)


def _aligned(one: Box, two: Box) -> bool:
    """True for boxes with a common left edge, right edge or centre."""
    return min(abs(one.l - two.l), abs(one.r - two.r), abs(one.l + one.r - two.l - two.r) / 2) < 2.5
