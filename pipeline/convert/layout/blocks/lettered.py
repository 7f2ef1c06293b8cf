"""Headings that publishers number with letters and roman numerals: `IV. RESULTS`, `B. Related Work`.

Items of lists have such markers too. Those are set as the text is, and end as sentences do.
"""

from __future__ import annotations

import re

from docmill.pipeline.convert.layout.blocks.text_rows import Row

__all__ = ["has_letter_number", "is_lettered_heading"]

#: One capital letter or a roman numeral, and a title that begins with a capital.
_LETTERED = re.compile(r"(?:[A-Z]|[IVX]{1,5})\.\s+[^\W\d_a-z]")
_LONGEST = 90  # characters


def is_lettered_heading(row: Row) -> bool:
    """True for a line in bold, italic or capitals with such a number, that ends as no sentence does."""
    if not has_letter_number(row.text):
        return False
    if row.bold or row.italic:
        return True
    letters = [char for char in row.text.split(None, 1)[1] if char.isalpha()]
    return len(letters) > 3 and all(map(str.isupper, letters))


def has_letter_number(text: str) -> bool:
    """True for a title's worth of text after a capital letter or a roman numeral with a full stop."""
    return (
        len(text) <= _LONGEST
        and not text.endswith((".", ";", ",", ":"))
        and _LETTERED.match(text) is not None
    )
