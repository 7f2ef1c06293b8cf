"""Section headers numbered with letters or roman numerals, in type no larger than the text's."""

from __future__ import annotations

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.lettered import has_letter_number, is_lettered_heading
from docmill.pipeline.convert.layout.style import DocumentStyle

__all__ = ["heads_section"]

_MOST_ROWS = 3
_LIKE_TEXT = 0.8  # of the body's size, at least


def heads_section(block: Block, style: DocumentStyle, below: Block | None) -> bool:
    """True for a heading of a publisher's style with text or a further heading under it.

    In the middle over its text, or bold, italic or in capitals where the text is not; an item of a list has
    an item like it under it.
    """
    first = block.rows[0]
    if len(block.rows) > _MOST_ROWS or block.size < _LIKE_TEXT * style.body_size:
        return False
    if below is not None and len(block.rows) == 1 and _centred_over(block, below):
        return has_letter_number(first.text)
    bold, italic = first.bold and not style.body_bold, first.italic and not style.body_italic
    if not is_lettered_heading(first) or not (bold or italic or not any(map(str.islower, first.text))):
        return False
    if not all(row.bold == first.bold and row.italic == first.italic for row in block.rows):
        return False
    if below is None:
        return True
    other = below.rows[0]
    return not (other.face == first.face and other.marker)


def _centred_over(block: Block, below: Block) -> bool:
    """True for a line in the middle over a wider block of text, in small capitals perhaps."""
    indent = block.box.l - below.box.l
    return indent > 2 * block.size and abs(indent - (below.box.r - block.box.r)) < 1.5 * block.size
