"""OCR of the parts of a page that have ink and no text layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.ocr.detect import Image, Quads, Tensor
from docmill.pipeline.convert.ocr.image import ImageText, read_image
from docmill.pipeline.convert.ocr.read import OcrModels
from docmill.pipeline.convert.types import Box, PageContent, PageOcr, TextCell, Word

__all__ = ["Reader", "Render", "ocr_page", "read_page"]

#: Draws a part of the page, or all of it for None, at so many pixels a point: uint8 RGB [height, width, 3].
Render = Callable[[float, Box | None], Image]

#: Reads an image; of its text lines, those that the function it is given wants: see `read_image`.
Reader = Callable[[Image, Callable[[Quads], NDArray[np.bool_]]], ImageText]

_SCALE = 2.0  # 144 dpi: finer rendering reads no better
_MAX_SIDE = 4000  # pixels
_PADDING = 4.0  # points of surroundings, which detection needs around text
_SIZE_OF_HEIGHT = 0.75  # font size over the height of a detected line
_SAME_SIZE = 1.15
_UPRIGHT = 2.0  # height of a line over its font size: text at a slant is higher


def ocr_page(page: PageContent, render: Render, models: OcrModels) -> PageOcr:
    """The text in `page.scanned`, in the page's points. Errors of the models and of `render` pass through."""
    return read_page(page, render, lambda image, wanted: read_image(image, models, wanted))


def read_page(page: PageContent, render: Render, reader: Reader) -> PageOcr:
    """`ocr_page` with whatever reads images."""
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

    def to_page(points: Tensor) -> NDArray[np.float64]:
        placed: NDArray[np.float64] = points * scale + origin
        return placed

    layer = _text_layer(page)

    def wanted(quads: Quads) -> NDArray[np.bool_]:
        centres = to_page(quads).mean(axis=1)
        return _within(centres, scanned) & ~_within(centres, layer)

    read = reader(image, wanted)
    sizes = _sizes([float(np.linalg.norm(line.quad[3] - line.quad[0]) * scale.mean()) for line in read.lines])
    words: list[Word] = []
    lines: list[TextCell] = []
    for line, size in zip(read.lines, sizes, strict=True):
        of_line = [
            Word(word.text, _bounds(to_page(word.quad)), size, -1, line.angle, word.score)
            for word in line.words
        ]
        box = of_line[0].box
        for word in of_line[1:]:
            box = box.union(word.box)
        lines.append(TextCell(line.text, box, len(words), len(of_line), ocr=True, confidence=line.score))
        words.extend(of_line)
    return PageOcr(number=page.number, words=words, cells=lines, rotation=read.rotation, note=read.note)


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


def _text_layer(page: PageContent) -> list[Box]:
    """Where the page has text that needs no reading: a stamp on a scan. Not what runs across the page."""
    doubted = set(page.doubted)
    return [
        cell.box
        for index, cell in enumerate(page.cells)
        if index not in doubted
        and min(cell.box.width, cell.box.height)
        <= _UPRIGHT * max(word.size for word in page.words[cell.first : cell.first + cell.count])
    ]


def _within(centres: NDArray[np.float64], boxes: Sequence[Box]) -> NDArray[np.bool_]:
    """Which of `centres` [n, 2] lie in any of `boxes`."""
    inside = np.zeros(len(centres), dtype=bool)
    x, y = centres[:, 0], centres[:, 1]
    for box in boxes:
        inside |= (x >= box.l) & (x <= box.r) & (y >= box.t) & (y <= box.b)
    return inside


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
