"""PDFium's functions as they are called for every character and stroke: handles and places are plain numbers.

pypdfium2's own take and give ctypes' values, which take several times as long to make as the call.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_double, c_float, c_int, c_uint32, c_void_p
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

__all__ = [
    "char_box",
    "char_origin",
    "clip_path",
    "count_clip_paths",
    "count_objects",
    "count_objects_of_form",
    "count_segments",
    "draw_mode",
    "font_of",
    "font_size",
    "glyph_width",
    "handle_of",
    "is_active",
    "is_closed",
    "is_generated",
    "loose_box",
    "matrix_of",
    "object_bounds",
    "object_of_form",
    "object_of_page",
    "object_type",
    "render_mode",
    "segment_of_path",
    "segment_point",
    "segment_type",
    "stroke_width",
    "text_matrix",
    "text_object",
]

Function = Callable[..., Any]


def handle_of(value: pdfium.PdfPage | ctypes.Structure) -> int:
    """The handle of a page or an object as a number, 0 for none."""
    raw = value.raw if isinstance(value, pdfium.PdfPage) else value
    return ctypes.cast(raw, c_void_p).value or 0


def _quick(function: Any, answer: Any, *takes: Any) -> Function:
    address = ctypes.cast(function, c_void_p).value
    assert address
    call: Function = ctypes.CFUNCTYPE(answer, *takes)(address)
    return call


#: Of a text page and a character: whether PDFium added it, its object, and its box, to where four floats are.
is_generated = _quick(pdfium_c.FPDFText_IsGenerated, c_int, c_void_p, c_int)
text_object = _quick(pdfium_c.FPDFText_GetTextObject, c_void_p, c_void_p, c_int)
loose_box = _quick(pdfium_c.FPDFText_GetLooseCharBox, c_int, c_void_p, c_int, c_void_p)
text_matrix = _quick(pdfium_c.FPDFText_GetMatrix, c_int, c_void_p, c_int, c_void_p)
font_size = _quick(pdfium_c.FPDFText_GetFontSize, c_double, c_void_p, c_int)
#: ... to where four doubles are, and two.
char_box = _quick(pdfium_c.FPDFText_GetCharBox, c_int, c_void_p, c_int, *[c_void_p] * 4)
char_origin = _quick(pdfium_c.FPDFText_GetCharOrigin, c_int, c_void_p, c_int, c_void_p, c_void_p)
#: Of a text object.
font_of = _quick(pdfium_c.FPDFTextObj_GetFont, c_void_p, c_void_p)
render_mode = _quick(pdfium_c.FPDFTextObj_GetTextRenderMode, c_int, c_void_p)
#: Of a font, a code point and a size: the advance, to where a float is.
glyph_width = _quick(pdfium_c.FPDFFont_GetGlyphWidth, c_int, c_void_p, c_uint32, c_float, c_void_p)
#: Of an object, its clip path; and of that.
clip_path = _quick(pdfium_c.FPDFPageObj_GetClipPath, c_void_p, c_void_p)
count_clip_paths = _quick(pdfium_c.FPDFClipPath_CountPaths, c_int, c_void_p)

count_objects = _quick(pdfium_c.FPDFPage_CountObjects, c_int, c_void_p)
object_of_page = _quick(pdfium_c.FPDFPage_GetObject, c_void_p, c_void_p, c_int)
count_objects_of_form = _quick(pdfium_c.FPDFFormObj_CountObjects, c_int, c_void_p)
object_of_form = _quick(pdfium_c.FPDFFormObj_GetObject, c_void_p, c_void_p, c_int)

#: Of an object. Answers go where the places behind it say: an int, six floats, four floats, two ints, one.
object_type = _quick(pdfium_c.FPDFPageObj_GetType, c_int, c_void_p)
is_active = _quick(pdfium_c.FPDFPageObj_GetIsActive, c_int, c_void_p, c_void_p)
matrix_of = _quick(pdfium_c.FPDFPageObj_GetMatrix, c_int, c_void_p, c_void_p)
object_bounds = _quick(pdfium_c.FPDFPageObj_GetBounds, c_int, c_void_p, *[c_void_p] * 4)
draw_mode = _quick(pdfium_c.FPDFPath_GetDrawMode, c_int, c_void_p, c_void_p, c_void_p)
stroke_width = _quick(pdfium_c.FPDFPageObj_GetStrokeWidth, c_int, c_void_p, c_void_p)

#: Of a path, and of its segments.
count_segments = _quick(pdfium_c.FPDFPath_CountSegments, c_int, c_void_p)
segment_of_path = _quick(pdfium_c.FPDFPath_GetPathSegment, c_void_p, c_void_p, c_int)
segment_type = _quick(pdfium_c.FPDFPathSegment_GetType, c_int, c_void_p)
segment_point = _quick(pdfium_c.FPDFPathSegment_GetPoint, c_int, c_void_p, c_void_p, c_void_p)
is_closed = _quick(pdfium_c.FPDFPathSegment_GetClose, c_int, c_void_p)
