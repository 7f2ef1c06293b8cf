"""Where glyphs begin and end by their advance widths.

PDFium's boxes hold the ink too, and lean with their text. What leans, or reaches over its neighbours as an
italic f does, stands over the gap between words, so gaps are not measured between boxes.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docmill.pipeline.convert.pdf import quick_calls
from docmill.pipeline.convert.pdf.pageframe import PageFrame
from docmill.pipeline.convert.pdf.text.textruns import RunTable

__all__ = ["Extents", "by_advance", "slanted_advances"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Text that leans by less is upright.
_UPRIGHT = 0.02
#: No letter reaches out by more than this fraction of an em; a larger one comes of a wrong width.
_MAX_OVERHANG = 0.25
_TOLERANCE = 0.005
#: Nor does ink begin farther behind the origin; gaps between the ink of letters are narrower than the second.
_MAX_BEARING, _INK_GAP = 0.15, 0.25
#: Letters that neither reach out nor are kerned stand so near to each other. From a gap of the second size
#: on words are parted anyway, and nothing overlaps by the third.
_ABUTS, _PARTED, _FAR = 0.02, 0.15, 0.6
#: A width is right when another glyph follows so near to where it ends. Where none does, so much is believed
#: of an upright letter that reaches out, an f for example.
_FOLLOWS = 0.05
_UPRIGHT_OVERHANG = 0.1
#: Glyphs that are wider are a mistake of the font; what one has that tells no width.
_WIDEST, _USUAL_WIDTH = 2.0, 0.5
#: Hebrew to Arabic, and their presentation forms: letters have widths by their place in the word.
_RIGHT_TO_LEFT = ((0x0590, 0x08FF), (0xFB1D, 0xFEFC))


@dataclass(frozen=True)
class Extents:
    """[N] glyphs along and across their reading direction, whose cosine and sine are `cos` and `sin`.

    `above` and `below` are how far their boxes reach from the baseline; `flat` whether they are upright or
    turned by quarters, and set along their baseline.
    """

    start: Floats
    stop: Floats
    above: Floats
    below: Floats
    cos: Floats
    sin: Floats
    flat: Flags


def by_advance(
    page: ctypes.Structure, frame: PageFrame, runs: RunTable, run: Ints, code: Ints, index: Ints, ext: Extents
) -> Floats:
    """[N, 2] the origin of each glyph and where its advance ends; its box where that cannot be told.

    `page` is PDFium's text page, `index` the number of each glyph's character in it, `code` its code point.
    """
    pen = np.stack([ext.start, ext.stop], axis=1)
    if not len(run):
        return pen
    lean = np.where(ext.flat, runs.lean[run], 0.0)
    leaning = np.abs(lean) > _UPRIGHT
    if leaning.any():
        pen[:, 0] += np.where(leaning, np.maximum(ext.below * lean, -ext.above * lean), 0.0)
        pen[:, 1] -= np.where(leaning, np.maximum(ext.above * lean, -ext.below * lean), 0.0)
    # the characters of a ligature have its box each
    twin = (ext.start[1:] == ext.start[:-1]) & (ext.stop[1:] == ext.stop[:-1]) & (run[1:] == run[:-1])
    single = ext.flat.copy()
    single[1:] &= ~twin
    single[:-1] &= ~twin
    for first, last in _RIGHT_TO_LEFT:
        single &= (code < first) | (code > last)
    asked = np.flatnonzero(single & _doubtful(pen, runs.width[run], run))
    if not len(asked):
        return pen
    leans = np.round(lean / _UPRIGHT).astype(np.int64)
    keys = (leans << 42) + (runs.face[run] << 21) + code
    kinds, begin = np.unique(keys[asked], return_index=True)
    samples = asked[begin]
    places = np.stack([index[samples], run[samples], code[samples]], axis=1).tolist()
    edges = np.column_stack([pen, ext.stop, ext.cos, ext.sin])[samples].tolist()
    measure = _Measure(page, frame, runs)
    overhang = np.asarray([measure(*place, *edge) for place, edge in zip(places, edges, strict=True)])
    reaching = overhang.any(axis=1)
    if not reaching.any():
        return pen
    kinds, overhang = kinds[reaching], overhang[reaching]
    rows = np.flatnonzero(single)
    kind = np.minimum(np.searchsorted(kinds, keys[rows]), len(kinds) - 1)
    found = kinds[kind] == keys[rows]
    rows, kind = rows[found], kind[found]
    em = runs.width[run[rows]]
    pen[rows, 0] += overhang[kind, 0] * em
    behind = _confirmed(overhang[:, 1], kind, runs, run, rows, pen)
    pen[rows, 1] -= behind[kind] * em
    return pen


def slanted_advances(
    page: ctypes.Structure, frame: PageFrame, runs: RunTable, run: Ints, code: Ints, index: Ints, turn: Floats
) -> Floats:
    """[N, 2] the origin of each glyph and where its advance ends, along a direction at a slant.

    `turn` [N, 2] is the direction's cosine and sine. The upright boxes of such glyphs say little of it; where
    a font does not tell its widths, half an em stands.
    """
    measure = _Measure(page, frame, runs)
    rows = zip(index.tolist(), run.tolist(), code.tolist(), turn.tolist(), strict=True)
    found = [measure.advance(number, of_run, char, *way) for number, of_run, char, way in rows]
    return np.asarray(found, np.float64).reshape(-1, 2)


def _doubtful(pen: Floats, width: Floats, run: Ints) -> Flags:
    """[N] glyphs that do not stand right beside another one: by these the kinds that reach out are found."""
    gap = (pen[1:, 0] - pen[:-1, 1]) / np.maximum(width[1:], 1e-9)
    odd = ((gap > _ABUTS) & (gap < _PARTED)) | ((gap < -_ABUTS) & (gap > -_FAR))
    # Of a glyph drawn by itself the box may be that of its ink, and the gaps beside it as wide as a space.
    other = run[1:] != run[:-1]
    alone = np.append(True, other) & np.append(other, True)
    odd |= (gap >= _PARTED) & (gap < _INK_GAP) & alone[1:] & alone[:-1]
    found = np.zeros(len(pen), np.bool_)
    found[1:] |= odd
    found[:-1] |= odd
    return found


def _confirmed(behind: Floats, kind: Ints, runs: RunTable, run: Ints, rows: Ints, pen: Floats) -> Floats:
    """[K] how far each kind of glyph reaches over what follows, 0 where that comes of another glyph's width.

    A font may have several glyphs for one code point, and PDFium tells the width of one of them.
    """
    if not behind.any():
        return behind
    origin, stop = pen.T
    inner = (rows + 1 < len(run)) & (behind[kind] > 0)
    rows, kind = rows[inner], kind[inner]
    same = run[rows + 1] == run[rows]
    rows, kind = rows[same], kind[same]
    gap = (origin[rows + 1] - stop[rows]) / runs.width[run[rows]] + behind[kind]
    nearest = np.full(len(behind), np.inf)
    np.minimum.at(nearest, kind, np.abs(gap))
    italic = np.zeros(len(behind), np.bool_)
    italic[kind] = np.asarray([font.italic for font in runs.fonts], np.bool_)[runs.font[run[rows]]]
    return np.where((nearest < _FOLLOWS) | italic | (behind < _UPRIGHT_OVERHANG), behind, 0.0)


class _Measure:
    """Measures one character of each kind, since it takes a few calls into PDFium."""

    def __init__(self, page: ctypes.Structure, frame: PageFrame, runs: RunTable) -> None:
        self._page, self._frame, self._runs = quick_calls.handle_of(page), frame, runs
        self._numbers, self._width = (ctypes.c_double * 4)(), ctypes.c_float()
        first, step = ctypes.addressof(self._numbers), ctypes.sizeof(ctypes.c_double)
        self._places = [first + number * step for number in range(4)]
        self._of_width = ctypes.addressof(self._width)

    def __call__(
        self,
        index: int,
        run: int,
        code: int,
        start: float,
        stop: float,
        box: float,
        cos: float,
        sin: float,
    ) -> tuple[float, float]:
        """How far the box reaches out before the origin and behind the end of the advance, in em."""
        em, text_object = float(self._runs.width[run]), self._runs.objects[run]
        if em <= 0 or not text_object:
            return 0.0, 0.0
        origin = self.origin(index, cos, sin)
        before = origin - start
        if -_MAX_BEARING * em <= before < -_TOLERANCE * em:
            return before / em, 0.0  # the box is that of the ink
        if not -_TOLERANCE * em <= before <= _MAX_OVERHANG * em:
            return 0.0, 0.0
        behind = 0.0
        if self._ink(index, cos, sin) >= box - _TOLERANCE * em:  # else the box ends with the advance
            width = self._em_width(index, code, text_object)
            behind = (stop - origin) / em - width if width > 0 else 0.0
        return max(0.0, before) / em, behind if 0 < behind <= _MAX_OVERHANG else 0.0

    def advance(self, index: int, run: int, code: int, cos: float, sin: float) -> tuple[float, float]:
        """From the origin to the end of the advance, in points along the direction."""
        em, text_object = float(self._runs.width[run]), self._runs.objects[run]
        start = self.origin(index, cos, sin)
        width = self._em_width(index, code, text_object) if text_object else 0.0
        return start, start + (width if 0 < width < _WIDEST else _USUAL_WIDTH) * em

    def origin(self, index: int, cos: float, sin: float) -> float:
        """Where a character's origin is along its direction."""
        quick_calls.char_origin(self._page, index, *self._places[:2])
        x, y = self._frame.point(*self._numbers[:2])
        return x * cos + y * sin

    def _ink(self, index: int, cos: float, sin: float) -> float:
        """Where the ink of a character ends."""
        quick_calls.char_box(self._page, index, *self._places)
        left, right, bottom, top = self._numbers
        corners = self._frame.point(left, top), self._frame.point(right, bottom)
        edge: float = max(x * cos + y * sin for x, y in corners)
        return edge

    def _em_width(self, index: int, code: int, text_object: int) -> float:
        """The advance width in em, by code point: where a font has several glyphs for one, of any of them."""
        size = abs(quick_calls.font_size(self._page, index))
        font = quick_calls.font_of(text_object)
        if not size or not quick_calls.glyph_width(font, code, size, self._of_width):
            return 0.0
        width: float = self._width.value / size
        return width
