"""The UTF-16 strings that PDFium hands out; whatever a file calls text becomes text that can be kept."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

__all__ = ["wide_string"]

#: A longer string is not read at all: nobody's title or field has megabytes.
MAX_BYTES = 1 << 24

#: A PDFium function that fills a buffer of so many bytes, and tells how many the string needs.
Read = Callable[[ctypes.Array[ctypes.c_char] | None, int], int]


def wide_string(read: Read, characters: int) -> str:
    """At most so many characters of a string; lone surrogates become U+FFFD.

    PDFium writes nothing into a buffer that is too small, so the whole string is asked for, then cut.
    """
    size = read(None, 0)
    if not 2 < size <= MAX_BYTES:
        return ""
    buffer = ctypes.create_string_buffer(size)
    read(buffer, size)
    return buffer.raw.decode("utf-16-le", "replace").partition("\0")[0][:characters]
