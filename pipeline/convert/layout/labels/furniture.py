"""Page headers and footers: what stands alone in the margins, and what repeats there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import CAPTION, is_page_number
from docmill.pipeline.convert.layout.blocks.spatial import rulings_between
from docmill.pipeline.convert.layout.style import DocumentStyle, furniture_key
from docmill.pipeline.convert.types import Ruling

__all__ = ["furniture_label"]

_TOP, _BOTTOM = 0.12, 0.88  # of the page height: the zones of running heads and feet
_EDGE_TOP, _EDGE_BOTTOM = 0.075, 0.925  # the zones where a lone line hardly is anything else


def _gap_below(block: Block, blocks: Sequence[Block]) -> float:
    tops = [other.box.t for other in blocks if other.box.t >= block.box.b - 1 and other is not block]
    return min(tops, default=float("inf")) - block.box.b


def _gap_above(block: Block, blocks: Sequence[Block]) -> float:
    bottoms = [other.box.b for other in blocks if other.box.b <= block.box.t + 1 and other is not block]
    return block.box.t - max(bottoms, default=float("-inf"))


def _ruled_off(block: Block, separators: Sequence[Ruling], *, below: bool) -> bool:
    """True when a rule at least some two inches long sets a block off from the text."""
    box = block.box
    top, bottom = (box.b - 2, box.b + 12) if below else (box.t - 12, box.t + 2)
    return any(ruling.x1 - ruling.x0 >= 150 for ruling in rulings_between(separators, top, bottom))


def furniture_label(
    block: Block,
    blocks: Sequence[Block],
    page: tuple[float, float],
    style: DocumentStyle,
    repeated: Collection[str],
    separators: Sequence[Ruling],
    vote: Mapping[str, float],
) -> str | None:
    """`page_header`, `page_footer` or None. `page` is the page's width and height."""
    width, height = page
    box, text = block.box, block.text
    if height <= 0 or width <= 0:
        return None
    if block.rows[0].angle in (90, 270):
        centre = (box.l + box.r) / 2 / width
        return "page_header" if (centre < 0.1 or centre > 0.9) and len(blocks) > 3 else None
    if len(block.rows) > 3 or len(text) > 250 or len(blocks) < 2:
        return None
    key = furniture_key(block.rows[0], height)
    # what counts up from page to page and is larger than the text is a heading at its page's top: "Day 12"
    counted = key is not None and "#" in key and block.size > 1.1 * style.body_size
    known = key is not None and key in repeated and not counted
    number = is_page_number(text)
    if CAPTION.match(text) and not known:
        return None
    if box.b < 0.15 * height:
        if _header(block, blocks, height, style, separators, vote, known=known, number=number):
            return "page_header"
    elif box.t > 0.8 * height and _footer(
        block, blocks, height, style, separators, vote, known=known, number=number
    ):
        return "page_footer"
    return None


def _header(
    block: Block,
    blocks: Sequence[Block],
    height: float,
    style: DocumentStyle,
    separators: Sequence[Ruling],
    vote: Mapping[str, float],
    *,
    known: bool,
    number: bool,
) -> bool:
    box = block.box
    if known:
        return True
    above = [other for other in blocks if other.box.b < box.t - 1]
    if any(len(other.rows) > 3 or other.size > 1.3 * style.body_size for other in above):
        return False
    if any(len(other.rows) > 1 and other.box.t <= box.b < other.box.b - other.size for other in blocks):
        return False  # beside it a column of text begins, so it heads the next one
    if number:
        return True
    if block.size > 1.25 * style.body_size or len(block.rows) > 2:
        return False
    if vote.get("header", 0.0) > 0.5:
        return True
    clear = _gap_below(block, blocks) > 1.3 * style.body_size
    if box.b < _TOP * height and _ruled_off(block, separators, below=True) and clear:
        return True
    return box.b < _EDGE_TOP * height and clear and len(block.text) < 120


def _footer(
    block: Block,
    blocks: Sequence[Block],
    height: float,
    style: DocumentStyle,
    separators: Sequence[Ruling],
    vote: Mapping[str, float],
    *,
    known: bool,
    number: bool,
) -> bool:
    box = block.box
    below = [other for other in blocks if other.box.t > box.b + 1]
    if any(len(other.rows) > 3 for other in below):
        return False
    if known:
        return True
    if number:
        return not below and _gap_above(block, blocks) > 0.5 * style.body_size
    if box.t > _BOTTOM * height and vote.get("footer", 0.0) > 0.5:
        return True
    if len(block.rows) > 2:
        return False
    clear = _gap_above(block, blocks) > 1.3 * style.body_size
    if box.t > _BOTTOM * height and _ruled_off(block, separators, below=False) and len(block.text) < 150:
        return block.size <= style.body_size
    return box.t > _EDGE_BOTTOM * height and clear and block.size <= 1.1 * style.body_size
