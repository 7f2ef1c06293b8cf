"""The lines of a PDF, each with the mark that the colour of its characters carries."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from benchmarks.pages.marks import Mark, number_of
from docmill.pipeline.convert.types import Box

__all__ = ["TruthLine", "read_lines"]

#: A gap wider than so many heights of the line parts two lines that stand side by side.
_WIDEST_GAP = 2.5
_LEAST_OVERLAP = 0.5
#: Halves of a character beyond the first 65,536: they are no text by themselves.
_HALVES = range(0xD800, 0xE000)


@dataclass(frozen=True)
class TruthLine:
    """Characters of one mark on one line. `box` is in points from the page's top left; pages count from 1."""

    mark: int
    page: int
    box: Box
    text: str


@dataclass
class _Line:
    box: Box
    text: list[str] = field(default_factory=list)

    def takes(self, box: Box) -> bool:
        shared = min(self.box.b, box.b) - max(self.box.t, box.t)
        if shared < _LEAST_OVERLAP * min(self.box.height, box.height):
            return False
        gap = max(box.l - self.box.r, self.box.l - box.r)
        return gap < _WIDEST_GAP * max(self.box.height, box.height)

    def add(self, box: Box, character: str) -> None:
        self.box = self.box.union(box)
        self.text.append(character)


def read_lines(pdf: Path, marks: dict[int, Mark]) -> list[TruthLine]:
    """All lines whose characters carry a mark: by mark, and so in the order of reading, and by page."""
    found: dict[tuple[int, int], list[_Line]] = defaultdict(list)
    document = pdfium.PdfDocument(pdf)
    try:
        for number in range(len(document)):
            page = document[number]
            for mark, box, character in _characters(page):
                if mark in marks:
                    _put(found[mark, number + 1], box, character)
            page.close()
    finally:
        document.close()
    return [
        TruthLine(mark, page, line.box, "".join(line.text))
        for (mark, page), lines in sorted(found.items())
        for line in lines
    ]


def _put(lines: list[_Line], box: Box, character: str) -> None:
    # the latest first: characters of a line follow each other
    for line in reversed(lines[-3:]):
        if line.takes(box):
            line.add(box, character)
            return
    lines.append(_Line(box, [character]))


def _characters(page: pdfium.PdfPage) -> list[tuple[int, Box, str]]:
    """Mark, box and character of what has ink, in the order of the page's content."""
    text = pdfium_c.FPDFText_LoadPage(page.raw)
    height = page.get_height()
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    box = pdfium_c.FS_RECTF()
    found = []
    for index in range(pdfium_c.FPDFText_CountChars(text)):
        code = pdfium_c.FPDFText_GetUnicode(text, index)
        if code <= 32 or code == 0xA0 or code in _HALVES or pdfium_c.FPDFText_IsGenerated(text, index) == 1:
            continue
        if not pdfium_c.FPDFText_GetFillColor(text, index, red, green, blue, alpha):
            continue
        if not pdfium_c.FPDFText_GetLooseCharBox(text, index, box):
            continue
        mark = number_of(red.value, green.value, blue.value)
        if mark:
            found.append((mark, Box(box.left, height - box.top, box.right, height - box.bottom), chr(code)))
    pdfium_c.FPDFText_ClosePage(text)
    return found
