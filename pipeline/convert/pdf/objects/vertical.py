"""Vertical text in a font that is neither embedded nor on this machine.

Without glyphs such a line has a height and no width, and PDFium leaves out of a page's text what has none.
"""

from __future__ import annotations

import ctypes

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf.objects.walking import page_objects

__all__ = ["widen_lines"]

#: Narrower text is not there for PDFium; leaning so much for each point of height, it is.
_NARROW = 0.01
_LEAN = 0.01


def widen_lines(page: pdfium.PdfPage) -> None:
    """Let the vertical lines of `page` that have no width lean by a hundredth, while it is loaded."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for _, handle in page_objects(page):
        if pdfium_c.FPDFPageObj_GetType(handle) != pdfium_c.FPDF_PAGEOBJ_TEXT:
            continue
        if not pdfium_c.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
            continue
        if right.value - left.value < _NARROW < top.value - bottom.value:
            middle = (bottom.value + top.value) / 2
            pdfium_c.FPDFPageObj_Transform(handle, 1, 0, _LEAN, 1, -_LEAN * middle, 0)
