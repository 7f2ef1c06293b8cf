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
from docmill.pipeline.convert.pdf.native.library import Library
from docmill.pipeline.convert.pdf.pageframe import PageFrame
from docmill.pipeline.convert.pdf.text.textruns import RunTable

__all__ = ["Extents", "Measures", "by_advance"]

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


def by_advance(measures: Measures, run: Ints, code: Ints, index: Ints, ext: Extents) -> Floats:
    """[N, 2] the origin of each glyph and where its advance ends; its box where that cannot be told.

    `index` is the number of each glyph's character in the text page, `code` its code point.
    """
    runs = measures.runs
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
    edges = np.column_stack([pen, ext.stop, ext.cos, ext.sin])[samples]
    overhang = measures.reach(index[samples], run[samples], code[samples], edges)
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


def _measured(page: ctypes.Structure, index: Ints, objects: Ints, codes: Ints) -> Floats:
    """What `Library.measures` tells, call by call."""
    handle = quick_calls.handle_of(page)
    found, width = np.zeros((len(index), 7), np.float64), ctypes.c_float()
    first, row, step = found.ctypes.data, *found.strides
    rows = zip(index.tolist(), objects.tolist(), codes.tolist(), strict=True)
    for number, (char, text_object, code) in enumerate(rows):
        x, y, *edges, _ = (first + number * row + place * step for place in range(7))
        quick_calls.char_origin(handle, char, x, y)
        quick_calls.char_box(handle, char, *edges)
        size = abs(quick_calls.font_size(handle, char)) if text_object else 0.0
        if size and quick_calls.glyph_width(
            quick_calls.font_of(text_object), code, size, ctypes.addressof(width)
        ):
            found[number, 6] = width.value / size
    return found


@dataclass(frozen=True)
class Measures:
    """What PDFium tells of single characters, which takes a few calls for each."""

    page: ctypes.Structure  # PDFium's text page
    frame: PageFrame
    runs: RunTable
    native: Library | None

    def reach(self, index: Ints, run: Ints, code: Ints, ext: Floats) -> Floats:
        """[N, 2] how far boxes reach out before the origin and behind the end of the advance, in em.

        `ext` [N, 5] has the start and stop of each glyph, where its box ends, and its direction's cosine and
        sine.
        """
        start, stop, box, cos, sin = ext.T
        em, objects = self.runs.width[run], self._objects(run)
        told = self._told(index, objects, code)
        width = told[:, 6]
        with np.errstate(all="ignore"):
            origin = self._along(told[:, 0], told[:, 1], cos, sin)
            before = origin - start
            of_ink = (-_MAX_BEARING * em <= before) & (before < -_TOLERANCE * em)
            near = (-_TOLERANCE * em <= before) & (before <= _MAX_OVERHANG * em)
            left, right, bottom, top = told[:, 2:6].T
            one, two = self._along(left, top, cos, sin), self._along(right, bottom, cos, sin)
            # else the box ends with the advance
            inked = near & (np.where(two > one, two, one) >= box - _TOLERANCE * em) & (width > 0)
            behind = np.where(inked, (stop - origin) / em - width, 0.0)
            ahead = np.where(of_ink, before, np.where(near & (before > 0), before, 0.0)) / em
        found = np.stack([ahead, np.where((behind > 0) & (behind <= _MAX_OVERHANG), behind, 0.0)], axis=1)
        found[(em <= 0) | (objects == 0)] = 0.0
        return found

    def advances(self, index: Ints, run: Ints, code: Ints, turn: Floats) -> Floats:
        """[N, 2] the origin of each glyph and where its advance ends, along a direction at a slant.

        `turn` [N, 2] is the direction's cosine and sine. The upright boxes of such glyphs say little of it;
        where a font does not tell its widths, half an em stands.
        """
        told = self._told(index, self._objects(run), code)
        width = told[:, 6]
        with np.errstate(all="ignore"):
            start = self._along(told[:, 0], told[:, 1], *turn.T)
            stop = (
                start + np.where((width > 0) & (width < _WIDEST), width, _USUAL_WIDTH) * self.runs.width[run]
            )
        return np.stack([start, stop], axis=1)

    def _objects(self, run: Ints) -> Ints:
        return np.asarray(self.runs.objects, np.int64)[run]

    def _told(self, index: Ints, objects: Ints, code: Ints) -> Floats:
        if self.native is None:
            return _measured(self.page, index, objects, code)
        return self.native.measures(quick_calls.handle_of(self.page), index, objects, code)

    def _along(self, x: Floats, y: Floats, cos: Floats, sin: Floats) -> Floats:
        """Where places are along a direction."""
        across, down = self.frame.point(x, y)
        return across * cos + down * sin
