"""The calls of the compiled library, with PDFium's functions and the arrays that it writes to."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, c_double, c_int, c_int64, c_void_p
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf.native.compiled import loaded
from docmill.pipeline.convert.pdf.pageframe import PageFrame

__all__ = ["FUNCTIONS", "KINDS", "USUAL", "Characters", "DrawingLimits", "Kind", "Library"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

#: PDFium's functions in the order of `Functions` in bulk.c.
FUNCTIONS = (
    *("FPDFText_GetText", "FPDFText_GetUnicode", "FPDFText_GetTextObject", "FPDFText_IsGenerated"),
    *("FPDFText_GetLooseCharBox", "FPDFText_GetCharBox", "FPDFText_GetCharOrigin", "FPDFText_GetMatrix"),
    *("FPDFText_GetFontSize", "FPDFTextObj_GetFont", "FPDFFont_GetGlyphWidth"),
    *("FPDFPage_CountObjects", "FPDFPage_GetObject", "FPDFFormObj_CountObjects", "FPDFFormObj_GetObject"),
    *("FPDFPageObj_GetType", "FPDFPageObj_GetIsActive", "FPDFPageObj_GetMatrix", "FPDFPageObj_GetBounds"),
    *("FPDFPageObj_GetStrokeWidth", "FPDFPath_GetDrawMode", "FPDFPath_CountSegments"),
    *("FPDFPath_GetPathSegment", "FPDFPathSegment_GetType", "FPDFPathSegment_GetPoint"),
    "FPDFPathSegment_GetClose",
)
#: The code points whose kinds a table tells, each a byte: those of the basic plane.
KINDS = 0x10000
#: The members of the structures of bulk.c.
_FOUND = ("code", "index", "run", "behind", "box", "space", "spaced", "runs")
_NUMBERS = ("left", "bottom", "right", "top", "width", "height", "thickness", "length", "skew")
_COUNTS = ("rotation", "objects", "depth", "segments", "bitmaps", "rulings", "shapes")
_RUN = np.dtype([("object", np.int64), ("font", np.int64), *((name, np.float64) for name in "abcdefs")])


class _Found(ctypes.Structure):
    _fields_ = [(name, c_void_p) for name in _FOUND]


class _Page(ctypes.Structure):
    _fields_ = [
        *((name, c_double) for name in _NUMBERS),
        *((name, c_int64) for name in _COUNTS),
    ]


class Kind(IntFlag):
    """Of a code point."""

    SPACE = 1
    ZERO_WIDTH = 2
    RIGHT_TO_LEFT = 4
    MARK = 8
    SOFT_HYPHEN = 16


@dataclass(frozen=True)
class Characters:
    """[N] characters of a page, without white space, and their runs.

    `box` and `space` are PDFium's loose boxes: left, top, right, bottom in user space; `space` those of the
    encoded spaces, which follow the characters `behind`. A run is the handles of its text object and its
    font, the six numbers of its matrix, and its font size.
    """

    code: Ints
    index: Ints
    box: Floats
    run: Ints
    spaced: Flags
    behind: Ints
    space: Floats
    runs: list[tuple[int, int, float, float, float, float, float, float, float]]


@dataclass(frozen=True)
class DrawingLimits:
    """Of rulings, in points; and how much of a page is looked at, and kept."""

    thickness: float
    length: float
    skew: float
    objects: int
    depth: int
    segments: int
    bitmaps: int
    rulings: int
    shapes: int


class Library:
    """The compiled library with this process's PDFium."""

    def __init__(self, compiled: ctypes.CDLL) -> None:
        addresses = [ctypes.cast(getattr(pdfium_c, name), c_void_p).value for name in FUNCTIONS]
        self._functions = (c_void_p * len(FUNCTIONS))(*addresses)
        self._characters, self._drawings = compiled.docmill_characters, compiled.docmill_drawings
        self._characters.argtypes = [c_void_p, c_void_p, c_int, c_void_p, c_void_p, POINTER(_Found), c_void_p]
        self._drawings.argtypes = [c_void_p, c_void_p, POINTER(_Page), *[c_void_p] * 5]
        self._measures = compiled.docmill_measures
        self._measures.argtypes = [c_void_p, c_void_p, c_int64, *[c_void_p] * 4]
        self._characters.restype = self._drawings.restype = self._measures.restype = None

    def characters(self, textpage: int, count: int, kinds: Bytes) -> Characters:
        """The first `count` characters of a text page; `kinds` has a byte for each of `KINDS`."""
        assert kinds.shape == (KINDS,) and kinds.dtype == np.uint8 and kinds.flags.c_contiguous
        room = max(1, count)
        code, index, run, behind = np.empty((4, room), np.int64)
        box, space = np.empty((2, room, 4), np.float32)
        spaced, runs = np.empty(room, np.bool_), np.empty(room, _RUN)
        units, counts = np.empty(room + 2, np.uint16), np.zeros(3, np.int64)
        arrays: list[npt.NDArray[Any]] = [code, index, run, behind, box, space, spaced, runs]
        found = _Found(*map(_place, arrays))
        places = _place(kinds), _place(units), found, _place(counts)
        self._characters(self._functions, textpage, count, *places)
        glyphs, ran, spaces = counts.tolist()
        return Characters(
            code[:glyphs].copy(),
            index[:glyphs].copy(),
            box[:glyphs].astype(np.float64),
            run[:glyphs].copy(),
            spaced[:glyphs].copy(),
            behind[:spaces].copy(),
            space[:spaces].astype(np.float64),
            runs[:ran].tolist(),
        )

    def measures(self, textpage: int, index: Ints, objects: Ints, codes: Ints) -> Floats:
        """[N, 7] of characters: x and y of the origin; left, right, bottom, top of the ink; advance in em."""
        found = np.empty((len(index), 7), np.float64)
        given = [np.ascontiguousarray(array, np.int64) for array in (index, objects, codes)]
        self._measures(self._functions, textpage, len(index), *map(_place, given), _place(found))
        return found

    def drawings(
        self, page: int, frame: PageFrame, limits: DrawingLimits
    ) -> tuple[Sequence[list[float]], Sequence[list[float]], Sequence[list[float]]]:
        """The displayed bitmaps, rulings and shapes of a page, four numbers each."""
        sizes = limits.bitmaps, limits.rulings, limits.shapes, 2 * limits.segments
        arrays = [np.empty((size, 4), np.float64) for size in sizes]
        counts = np.zeros(3, np.int64)
        of_page = _Page(
            *(frame.left, frame.bottom, frame.right, frame.top, *frame.size),
            *(limits.thickness, limits.length, limits.skew),
            *(frame.rotation, limits.objects, limits.depth, limits.segments, *sizes[:3]),
        )
        self._drawings(self._functions, page, of_page, *map(_place, arrays), _place(counts))
        bitmaps, rulings, shapes = (
            array[:count].tolist() for array, count in zip(arrays[:3], counts.tolist(), strict=True)
        )
        return bitmaps, rulings, shapes


def _place(array: npt.NDArray[Any]) -> int:
    return array.ctypes.data


def _usual() -> Library | None:
    compiled = loaded()
    return None if compiled is None else Library(compiled)


#: The library, where this installation has one.
USUAL = _usual()
