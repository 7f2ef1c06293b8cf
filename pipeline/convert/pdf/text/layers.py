"""Text layers of scans, whose words are as wide as OCR's font is, not as they are in the picture.

A word may begin before the one before it ends. The spaces between them are all that parts them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium_c

from docmill.pipeline.convert.pdf import quick_calls

__all__ = ["SPACE_GAP", "overlapped_spaces"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Elsewhere an encoded space counts only when it shows: some producers encode one and step back.
SPACE_GAP = 0.01
#: A layer need not be invisible: so many overlapped spaces, so large a share, so many letters apart, are one.
_MANY, _SHARE, _LETTERS = 10, 0.3, 2.5


def overlapped_spaces(spaced: Flags, pen: Floats, em: Floats, run: Ints, objects: list[int]) -> Flags:
    """[N] glyphs that an encoded space of a text layer parts from the one before, over which they reach."""
    over = np.zeros(len(spaced), np.bool_)
    if len(spaced) < 2:
        return over
    gap = np.maximum(pen[1:, 0] - pen[:-1, 1], pen[:-1, 0] - pen[1:, 1])
    over[1:] = spaced[1:] & (gap <= SPACE_GAP * np.maximum(em[1:], em[:-1]))
    count = int(over.sum())
    if count == 0:
        return over
    if count >= _MANY and count >= _SHARE * int(spaced.sum()) and len(spaced) >= _LETTERS * count:
        return over
    invisible = pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE
    hidden = [
        number
        for number in np.unique(run[over]).tolist()
        if objects[number] and quick_calls.render_mode(objects[number]) == invisible
    ]
    return over & np.isin(run, hidden)
