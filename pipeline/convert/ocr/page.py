"""OCR of the parts of a page that have ink and no text layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.convert.ocr.crops import sides, turn, turn_back
from pipeline.convert.ocr.detect import DETECT_SIDE, Image, Quads, Tensor, detect
from pipeline.convert.ocr.orientation import CLEAN_MARGIN, orientation
from pipeline.convert.ocr.read import OcrModels, TextLine, read_lines
from pipeline.convert.types import Box, Line, PageContent, PageOcr, Word

__all__ = ["UNKNOWN_SCRIPT", "Render", "ocr_page"]

#: Draws a part of the page, or all of it for None, at so many pixels a point: uint8 RGB [height, width, 3].
Render = Callable[[float, Box | None], Image]

#: The note on a page whose print the recogniser cannot read.
UNKNOWN_SCRIPT = "most of the scanned text is unreadable or in a script that the recogniser does not know"

_SCALE = 2.0  # 144 dpi: finer rendering reads no better
_MAX_SIDE = 4000  # pixels
_PADDING = 4.0  # points of surroundings, which detection needs around text
_CONFIDENT = 0.8  # lines of a known script nearly all score above this
_UNKNOWN_SHARE = 0.5
_FEW_LINES = 3  # fewer may be detected in a photograph
_SMALL_TEXT = 14.0  # a detected line's height in the detector's pixels, below which it misses lines
_SIZE_OF_HEIGHT = 0.75  # font size over the height of a detected line
_SAME_SIZE = 1.15


def ocr_page(page: PageContent, render: Render, models: OcrModels) -> PageOcr:
    """The text in `page.scanned`, in the page's points. Errors of the models and of `render` pass through."""
    scanned = _sound(page)
    if not scanned:
        return PageOcr(number=page.number)
    area = Box(
        max(0.0, min(box.l for box in scanned) - _PADDING),
        max(0.0, min(box.t for box in scanned) - _PADDING),
        min(page.width, max(box.r for box in scanned) + _PADDING),
        min(page.height, max(box.b for box in scanned) + _PADDING),
    )
    image = render(min(_SCALE, _MAX_SIDE / max(area.width, area.height)), area)
    height, width = image.shape[:2]
    if not height or not width:
        return PageOcr(number=page.number)
    scale = np.array([area.width / width, area.height / height])
    origin = np.array([area.l, area.t])

    def to_page(points: Tensor, rotation: int) -> NDArray[np.float64]:
        before: NDArray[np.float64] = turn_back(points, rotation, width, height) * scale + origin
        return before

    def wanted(quads: Quads, rotation: int) -> Quads:
        return quads[_within(to_page(quads, rotation).mean(axis=1), scanned)]

    quads = wanted(_detect(image, models), 0)
    lie = orientation(image, quads, models)
    if lie.rotation:
        image = turn(image, lie.rotation)
        quads = wanted(_detect(image, models), lie.rotation)
    read = read_lines(image, quads, models, CLEAN_MARGIN if lie.clean else 0.0)
    kept, note = _trusted(read)

    sizes = _sizes([float(np.linalg.norm(line.quad[3] - line.quad[0]) * scale.mean()) for line in kept])
    words: list[Word] = []
    lines: list[Line] = []
    for line, size in zip(kept, sizes, strict=True):
        angle = (line.angle - lie.rotation) % 360
        of_line = [
            Word(word.text, _bounds(to_page(word.quad, lie.rotation)), size, -1, angle, word.score)
            for word in line.words
        ]
        box = of_line[0].box
        for word in of_line[1:]:
            box = box.union(word.box)
        lines.append(Line(line.text, box, len(words), len(of_line), ocr=True, confidence=line.score))
        words.extend(of_line)
    return PageOcr(number=page.number, words=words, lines=lines, rotation=lie.rotation, note=note)


def _sound(page: PageContent) -> list[Box]:
    """`page.scanned` without what is off the page, degenerate or not a number."""
    boxes = []
    for box in page.scanned:
        if not all(math.isfinite(value) for value in (box.l, box.t, box.r, box.b)):
            continue
        clipped = Box(max(0.0, box.l), max(0.0, box.t), min(page.width, box.r), min(page.height, box.b))
        if clipped.width > 1 and clipped.height > 1:
            boxes.append(clipped)
    return boxes


def _detect(image: Image, models: OcrModels) -> Quads:
    """Lines of `image`; a second, finer look where they turn out small, as on a poster."""
    quads = detect(image, models.detect)
    shrunk = max(image.shape[:2]) / DETECT_SIDE
    if shrunk <= 2 or not len(quads):
        return quads
    heights = np.minimum(*sides(quads)) / shrunk
    return detect(image, models.detect, 2 * DETECT_SIDE) if np.median(heights) < _SMALL_TEXT else quads


def _within(centres: NDArray[np.float64], boxes: Sequence[Box]) -> NDArray[np.bool_]:
    """Which of `centres` [n, 2] lie in any of `boxes`."""
    inside = np.zeros(len(centres), dtype=bool)
    x, y = centres[:, 0], centres[:, 1]
    for box in boxes:
        inside |= (x >= box.l) & (x <= box.r) & (y >= box.t) & (y <= box.b)
    return inside


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


def _sizes(heights: Sequence[float]) -> list[float]:
    """Font sizes for line heights; lines of nearly one height get one size, so that noise splits nothing."""
    sizes = [0.0] * len(heights)
    group: list[int] = []
    for index in sorted(range(len(heights)), key=lambda index: heights[index]):
        if group and heights[index] > heights[group[0]] * _SAME_SIZE:
            _assign(sizes, group, heights)
            group = []
        group.append(index)
    _assign(sizes, group, heights)
    return sizes


def _assign(sizes: list[float], group: Sequence[int], heights: Sequence[float]) -> None:
    if group:
        size = round(heights[group[len(group) // 2]] * _SIZE_OF_HEIGHT, 2)
        for index in group:
            sizes[index] = size


def _bounds(points: NDArray[np.float64]) -> Box:
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))
