"""Captions: text that starts as captions do, or that the detector takes for one, next to what it names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import CAPTION
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.types import Box

__all__ = ["is_caption", "is_small_caption", "is_voted_caption"]

_REACH = 40.0
_MAX_ROWS = 9
_DELIMITED = re.compile(r"\s*(?:[.:|–—-]|$|[A-Z(\[]|[^\W\d_a-zA-Z])")


def _beside(box: Box, region: Box, reach: float) -> bool:
    across = min(box.r, region.r) - max(box.l, region.l)
    if across > 0.3 * min(box.width, region.width):
        return -8 <= box.t - region.b <= reach or -8 <= region.t - box.b <= reach
    along = min(box.b, region.b) - max(box.t, region.t)
    return along > 0.5 * box.height and min(abs(box.l - region.r), abs(region.l - box.r)) <= reach


def is_caption(block: Block, regions: Sequence[Found]) -> bool:
    """True for a block that names a figure, table or listing by number; prose about one is no caption."""
    found = CAPTION.match(block.text)
    if found is None or len(block.rows) > _MAX_ROWS or _DELIMITED.match(block.text, found.end()) is None:
        return False
    return len(block.rows) <= 4 or any(_beside(block.box, region.box, _REACH) for region in regions)


def is_small_caption(block: Block, pictures: Sequence[Found], style: DocumentStyle, trail: float) -> bool:
    """True for smaller or slanted type right under a picture, set off from what follows.

    `trail` is the white space below the block, in units of the body size.
    """
    apart = block.size <= style.body_size - 0.5 or (block.all("italic") and not style.body_italic)
    if not apart or len(block.rows) > 5 or trail < 0.5 or not any(map(str.isalpha, block.text)):
        return False
    return any(
        -3 <= block.box.t - picture.box.b <= 1.5 * block.size
        and block.box.t - picture.box.b < trail * style.body_size
        and min(block.box.r, picture.box.r) - max(block.box.l, picture.box.l) > 0.3 * block.box.width
        for picture in pictures
    )


def _as_body(block: Block, style: DocumentStyle) -> bool:
    """True for a block set as the running text is."""
    first = block.rows[0]
    return (block.size, first.font, first.italic) == (style.body_size, style.body_font, style.body_italic)


def is_voted_caption(
    block: Block, regions: Sequence[Found], vote: Mapping[str, float], style: DocumentStyle
) -> bool:
    """True for an unnumbered block next to a figure or table that the detector takes for a caption."""
    voted = max(vote.get("figure_caption", 0.0), vote.get("table_caption", 0.0))
    if voted <= 0.5 or len(block.rows) > 5 or (block.chars > 120 and _as_body(block, style)):
        return False
    return any(_beside(block.box, region.box, _REACH) for region in regions)
