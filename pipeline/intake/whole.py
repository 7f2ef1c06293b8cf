"""Whether a PDF is there to its end: what is still being written does not end as PDFs do."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["is_whole"]

#: Readers look for the end of a PDF in its last kilobyte.
_TAIL = 1024
#: What says where the table of all objects is, and after it nothing but the end of the line.
_END = re.compile(rb"startxref[\r\n ]{1,8}(\d{1,19})[\r\n ]{1,8}%%EOF[\r\n ]{0,8}\Z")
#: That table, or an object that holds it.
_TABLE = re.compile(rb"[\r\n\t ]{0,8}(?:xref\b|\d{1,10}[\r\n ]{1,4}\d{1,5}[\r\n ]{1,4}obj\b)")
_TABLE_BEGINS = 40


def is_whole(path: Path) -> bool:
    """Whether a file ends with what is written last of a PDF, and that leads to the table of its objects.

    A file that is cut off does not, at whatever byte, unless it is cut where an earlier version of the
    document ended; nor does one whose space is taken before it is filled. A PDF with something behind its end
    is not recognised, which costs it time and nothing else.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            end = _END.search(file.read())
            if not end or not 0 < int(end[1]) < size:
                return False
            file.seek(int(end[1]))
            return bool(_TABLE.match(file.read(_TABLE_BEGINS)))
    except OSError:
        return False
