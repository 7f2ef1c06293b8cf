"""The text-showing operations of a page, and the metrics and styles of their fonts."""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from msgspec.structs import replace

from docmill.pipeline.convert.pdf import quick_calls
from docmill.pipeline.convert.pdf.pageframe import PageFrame
from docmill.pipeline.convert.pdf.text.fonts import font_style
from docmill.pipeline.convert.types import Font

__all__ = ["SAMPLED", "RunReader", "RunTable"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: The handles of a run's text object and font, the six numbers of its matrix, and its font size.
Run = tuple[int, int, float, float, float, float, float, float, float]
_Shape = tuple[float, float, float, float]

_EXACTLY = struct.Struct("5d").pack

#: Capitals with a flat top, whose ink ends at the cap height.
FLAT_CAPITALS = frozenset(map(ord, "BDEFHIKLMNPRTXZ"))
#: Letters with an ascender, which in text faces rise about 3 % above the capitals.
ASCENDERS = frozenset(map(ord, "bdhkl"))
#: Characters worth a call of `RunReader.sample`.
SAMPLED = FLAT_CAPITALS | ASCENDERS
_IS_SAMPLED = np.isin(np.arange(0x80), sorted(SAMPLED))
SAMPLES_PER_FONT = 3
#: Cap height over ascent where no capital can be measured.
USUAL_CAP_RATIO = 0.76


@dataclass
class _Metrics:
    index: int
    ascent: float  # of the em
    descent: float
    capitals: list[float] = field(default_factory=list)
    ascenders: list[float] = field(default_factory=list)

    def extent(self) -> tuple[float, float]:
        """How far boxes reach above and below the baseline, in em (docling-parse: scaled by cap height)."""
        ascent = self.ascent if 0.2 < self.ascent < 2.0 else 0.75
        descent = -self.descent if 0.0 < -self.descent < 1.0 else 0.22
        if self.capitals:
            cap = median(self.capitals)
        elif self.ascenders:
            cap = 0.97 * median(self.ascenders)
        else:
            cap = USUAL_CAP_RATIO * ascent
        ratio = cap / ascent if 0.05 <= cap / ascent <= 1.0 else 1.0
        return ascent * ratio, descent * ratio


@dataclass(frozen=True)
class RunTable:
    """[R] text runs: one font, size and baseline each.

    `subset` tells subsets of one face apart, `font` does not; `face` numbers the PDF's own fonts. `angle` is
    the reading direction in degrees clockwise, as displayed; `x, y` a point of the baseline; `above` and
    `below` how far boxes reach from it. `width` is the em along the baseline in points, `lean` how far a
    point of height leans along it. `objects` are the handles of PDFium's text objects, 0 for
    none, valid as long as its text page.
    """

    font: npt.NDArray[np.int64]
    subset: npt.NDArray[np.int64]
    face: npt.NDArray[np.int64]
    size: Floats
    angle: Floats
    x: Floats
    y: Floats
    above: Floats
    below: Floats
    width: Floats
    lean: Floats
    fonts: list[Font]
    unseen: frozenset[int]  # of `fonts`, those of text layers: nothing of them is drawn
    objects: list[int]


class RunReader:
    """Collects the text runs and fonts of a page, with as few calls a run as possible."""

    def __init__(self, textpage: pdfium.PdfTextPage, frame: PageFrame) -> None:
        self._frame = frame
        self._fonts: list[Font] = []
        self._metrics: list[_Metrics] = []
        self._by_handle: dict[int, tuple[int, int, int]] = {}
        self._subsets: dict[str, int] = {}
        self._by_style: dict[tuple[Font, bool, float, float], int] = {}
        self._unseen: set[int] = set()
        self._runs: list[tuple[int, int, int, float, float, float, float, float, float]] = []
        self._objects: list[int] = []
        self._shapes: dict[bytes, _Shape] = {}
        self._handle = quick_calls.handle_of(textpage.raw)
        self._matrix = pdfium_c.FS_MATRIX()
        self._of_matrix = ctypes.addressof(self._matrix)
        self._edges = (ctypes.c_double * 4)()  # left, right, bottom, top
        first, step = ctypes.addressof(self._edges), ctypes.sizeof(ctypes.c_double)
        self._of_edges = [first + number * step for number in range(4)]

    def add(self, index: int, text_object: int) -> int:
        """Add the run of a text object that starts with character `index`; returns its number."""
        matrix = self._matrix
        quick_calls.text_matrix(self._handle, index, self._of_matrix)
        size = quick_calls.font_size(self._handle, index)
        font = quick_calls.font_of(text_object) or 0 if text_object else 0
        self.add_all([(text_object, font, *(getattr(matrix, name) for name in "abcdef"), size)])
        return len(self._runs) - 1

    def add_all(self, runs: Iterable[Run]) -> None:
        """Add runs, told by their objects, fonts, matrices and sizes."""
        for text_object, font, a, b, c, d, e, f, size in runs:
            key = _EXACTLY(a, b, c, d, size)  # most runs of a page are set alike
            shape = self._shapes.get(key)
            if shape is None:
                shape = self._shapes[key] = _shape(self._frame, a, b, c, d, size)
            em, angle, width, lean = shape
            x, y = self._frame.point(e, f)
            self._objects.append(text_object)
            self._runs.append((*self._font(text_object, font), em, angle, x, y, width, lean))

    def _font(self, text_object: int, handle: int) -> tuple[int, int, int]:
        """The numbers of the font, of its subset, and of the PDF's own font."""
        if handle in self._by_handle:
            return self._by_handle[handle]
        value = ctypes.c_float()
        ascent = descent = 0.0
        name, style, unseen = "", Font(name=""), False
        if handle:
            font = ctypes.cast(handle, pdfium_c.FPDF_FONT)
            unseen = quick_calls.render_mode(text_object) == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE
            buffer = ctypes.create_string_buffer(256)
            pdfium_c.FPDFFont_GetBaseFontName(font, buffer, 256)
            angle = ctypes.c_int()
            pdfium_c.FPDFFont_GetItalicAngle(font, angle)
            name = buffer.value.decode("utf-8", "replace")
            style = font_style(
                name,
                flags=max(0, pdfium_c.FPDFFont_GetFlags(font)),
                weight=max(0, pdfium_c.FPDFFont_GetWeight(font)),
                italic_angle=angle.value,
            )
            if unseen and style.mono:
                # OCR programs write in a font without glyphs, all of one width: what is seen is not like it
                style = replace(style, mono=False)
            if pdfium_c.FPDFFont_GetAscent(font, 1000.0, value):
                ascent = value.value / 1000.0
            if pdfium_c.FPDFFont_GetDescent(font, 1000.0, value):
                descent = value.value / 1000.0
        # A page may carry several subsets of one face: they are one font to the reader.
        key = (style, unseen, round(ascent, 2), round(descent, 2))
        found = self._by_style.get(key)
        if found is None:
            found = self._by_style[key] = len(self._fonts)
            self._fonts.append(style)
            if unseen:
                self._unseen.add(found)
            self._metrics.append(_Metrics(found, ascent, descent))
        numbers = found, self._subsets.setdefault(name, len(self._subsets)), len(self._by_handle)
        self._by_handle[handle] = numbers
        return numbers

    def sample(self, index: int, code: int, run: int) -> None:
        """Measure the ink of a letter whose top tells the cap height, until the font has enough samples."""
        font, _, _, size, angle, x, y, _, _ = self._runs[run]
        metrics = self._metrics[font]
        heights = metrics.capitals if code in FLAT_CAPITALS else metrics.ascenders
        if max(len(heights), len(metrics.capitals)) >= SAMPLES_PER_FONT:
            return
        sin, cos = math.sin(math.radians(angle)), math.cos(math.radians(angle))
        if abs(sin * cos) > 0.01 or not quick_calls.char_box(self._handle, index, *self._of_edges):
            return
        left, right, bottom, top = self._edges
        one, two = self._frame.point(left, top), self._frame.point(right, bottom)
        highest = min(across * cos - along * sin for along, across in (one, two))
        height = (y * cos - x * sin - highest) / size
        if 0.3 < height < 1.2:
            heights.append(height)

    def sample_all(self, index: Ints, code: Ints, run: Ints) -> None:
        """`sample` for characters of runs that are all there."""
        picked = np.flatnonzero(_IS_SAMPLED[np.minimum(code, len(_IS_SAMPLED) - 1)])
        full: set[int] = set()
        for number, char, of in zip(
            index[picked].tolist(), code[picked].tolist(), run[picked].tolist(), strict=True
        ):
            font = self._runs[of][0]
            if font not in full:
                self.sample(number, char, of)
                if len(self._metrics[font].capitals) >= SAMPLES_PER_FONT:
                    full.add(font)

    def table(self) -> RunTable:
        """All runs that were added."""
        rows = np.asarray(self._runs, np.float64).reshape(-1, 9)
        font = rows[:, 0].astype(np.int64)
        extents = np.asarray([metrics.extent() for metrics in self._metrics]).reshape(-1, 2)[font]
        size = rows[:, 3]
        return RunTable(
            font=font,
            subset=rows[:, 1].astype(np.int64),
            face=rows[:, 2].astype(np.int64),
            size=size,
            angle=rows[:, 4],
            x=rows[:, 5],
            y=rows[:, 6],
            above=extents[:, 0] * size,
            below=extents[:, 1] * size,
            width=rows[:, 7],
            lean=rows[:, 8],
            fonts=self._fonts,
            unseen=frozenset(self._unseen),
            objects=self._objects,
        )


def _shape(frame: PageFrame, a: float, b: float, c: float, d: float, size: float) -> _Shape:
    """The em across text with such a matrix and font size, its direction, the em along it, and its lean."""
    signed = size or 1.0
    font_size, sign = abs(signed), math.copysign(1.0, signed)  # a negative size is half a turn
    em = font_size * math.hypot(c, d)
    if not (math.isfinite(em) and em > 0):
        em = 1.0
    dx, dy = frame.direction(sign * a, sign * b)
    angle = math.degrees(math.atan2(dy, dx)) if math.isfinite(dx) and math.isfinite(dy) else 0.0
    return em, angle % 360.0, font_size * math.hypot(a, b), _lean(a, b, c, d)


def _lean(a: float, b: float, c: float, d: float) -> float:
    """How far text leans along its direction for each unit of height: 0 upright, positive to the right."""
    area = abs(a * d - b * c)
    lean = (a * c + b * d) / area if area > 0 else 0.0
    return lean if math.isfinite(lean) else 0.0
