"""All text of an image, whichever way up it is; knows nothing of pages.

This and what it imports need NumPy and OpenCV alone, so that the served model `ocr` runs the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .crops import sides, turn, turn_back
from .detect import DETECT_SIDE, Image, Quads, detect
from .orientation import CLEAN_MARGIN, orientation
from .read import OcrModels, TextLine, read_lines

__all__ = ["UNKNOWN_SCRIPT", "ImageText", "everything", "read_image"]

#: The note on an image whose print the recogniser cannot read.
UNKNOWN_SCRIPT = "most of the scanned text is unreadable or in a script that the recogniser does not know"

_CONFIDENT = 0.8  # lines of a known script nearly all score above this
_UNKNOWN_SHARE = 0.5
_FEW_LINES = 3  # fewer may be detected in a photograph
_SMALL_TEXT = 14.0  # a detected line's height in the detector's pixels, below which it misses lines


@dataclass(frozen=True)
class ImageText:
    """The lines of an image, where they stand in it; turned clockwise by `rotation` degrees it is upright."""

    lines: Sequence[TextLine]
    rotation: int = 0
    note: str | None = None


def everything(quads: Quads) -> NDArray[np.bool_]:
    """Wants every line: see `read_image`."""
    return np.ones(len(quads), dtype=bool)


def read_image(
    image: Image, models: OcrModels, wanted: Callable[[Quads], NDArray[np.bool_]] = everything
) -> ImageText:
    """The lines of `image`, uint8 RGB [height, width, 3], top to bottom as they are read.

    `wanted` says of detected lines [n, 4, 2], in pixels of `image`, which of them are to be read.
    """
    height, width = image.shape[:2]

    def lines_of(turned: Image, rotation: int) -> Quads:
        quads = _detect(turned, models)
        return quads[wanted(turn_back(quads, rotation, width, height))]

    quads = lines_of(image, 0)
    lie = orientation(image, quads, models)
    if lie.rotation:
        image = turn(image, lie.rotation)
        quads = lines_of(image, lie.rotation)
    read = read_lines(image, quads, models, CLEAN_MARGIN if lie.clean else 0.0)
    kept, note = _trusted(read)
    return ImageText([_turned_back(line, lie.rotation, width, height) for line in kept], lie.rotation, note)


def _turned_back(line: TextLine, rotation: int, width: int, height: int) -> TextLine:
    """A line of the turned image, in the image as it was before: `width` x `height`."""
    if not rotation:
        return line
    words = [replace(word, quad=turn_back(word.quad, rotation, width, height)) for word in line.words]
    quad = turn_back(line.quad, rotation, width, height)
    return replace(line, quad=quad, angle=(line.angle - rotation) % 360, words=tuple(words))


def _detect(image: Image, models: OcrModels) -> Quads:
    """Lines of `image`; a second, finer look where they turn out small, as on a poster."""
    quads = detect(image, models.detect)
    shrunk = max(image.shape[:2]) / DETECT_SIDE
    if shrunk <= 2 or not len(quads):
        return quads
    heights = np.minimum(*sides(quads)) / shrunk
    return detect(image, models.detect, 2 * DETECT_SIDE) if np.median(heights) < _SMALL_TEXT else quads


def _trusted(lines: Sequence[TextLine]) -> tuple[list[TextLine], str | None]:
    """The lines to keep, and a note where most of the text had to go.

    In a script that the alphabet lacks most lines read as nothing, or as look-alikes with little confidence,
    and a few by chance with some: there, only confident lines stay.
    """
    kept = [line for line in lines if line.legible]
    lengths = np.array([_length(line) for line in lines])
    sure = np.array([line.legible and line.score >= _CONFIDENT for line in lines], dtype=bool)
    if len(lines) < _FEW_LINES or lengths[~sure].sum() <= _UNKNOWN_SHARE * lengths.sum():
        return kept, None
    return [line for line, good in zip(lines, sure, strict=True) if good], UNKNOWN_SCRIPT


def _length(line: TextLine) -> float:
    return float(np.linalg.norm(line.quad[1] - line.quad[0]))
