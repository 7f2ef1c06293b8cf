"""Footnotes: small type at the foot of a column, with a mark before it or a short rule above it."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import is_enumerator, is_reference_mark
from docmill.pipeline.convert.layout.blocks.spatial import rulings_between
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.types import Ruling

__all__ = ["is_footnote"]


def _under_short_rule(block: Block, separators: Sequence[Ruling], width: float) -> bool:
    """True below a rule that starts at the block's edge and is shorter than half the page."""
    return any(
        abs(ruling.x0 - block.box.l) <= 14 and 25 <= ruling.x1 - ruling.x0 <= 0.45 * width
        for ruling in rulings_between(separators, block.box.t - 16, block.box.t + 3)
    )


def is_footnote(
    block: Block,
    blocks: Sequence[Block],
    page: tuple[float, float],
    style: DocumentStyle,
    separators: Sequence[Ruling],
) -> bool:
    """True for a footnote. `page` is the page's width and height."""
    width, height = page
    if block.box.t < 0.5 * height or block.size > style.body_size - 0.5:
        return False
    first = block.rows[0].first
    marked = (is_reference_mark(block.text) and not is_enumerator(first)) or first[:1] in "*†‡§¶"
    if not marked and not _under_short_rule(block, separators, width):
        return False
    return not any(
        other.size > style.body_size - 0.5 and other.chars > 60
        for other in blocks
        if other.box.t >= block.box.b - 1 and min(other.box.r, block.box.r) > max(other.box.l, block.box.l)
    )
