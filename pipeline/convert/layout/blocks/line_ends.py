"""What the ends of rows say: does a sentence end or begin here, was the line broken because it was full?"""

from __future__ import annotations

import re

from docmill.pipeline.convert.layout.blocks.text_rows import Row

__all__ = ["is_short", "is_terminated", "opens"]

#: A sentence's end: its mark, closing quotes and brackets, and perhaps a note's number after a letter.
_TERMINATED = re.compile(r"""[.!?:;。！？؟۔।]["”’»)\]]*$|[^\W\d][.!?]["”’»)\]]*(?:[*†‡¹²³⁴-⁹]|\d{1,3})$""")


def is_terminated(row: Row) -> bool:
    """True when a sentence ends at the row's end."""
    return _TERMINATED.search(row.text) is not None


def opens(row: Row) -> bool:
    """True when a row starts as a sentence may; scripts without case always may."""
    first = next((char for char in row.text if char.isalnum()), "")
    return not first.islower()


def is_short(previous: Row, row: Row, right: float) -> bool:
    """True when the row's first word would have fitted at the end of the previous row."""
    return right - previous.end > row.first_width + 0.8 * row.size
