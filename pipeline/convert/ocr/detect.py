"""Text detection: PP-OCRv6's DB (differentiable binarisation) network and its post-processing.

Input `x` f32 [1, 3, h, w], h and w multiples of 32; output [1, 1, h, w], the probability of text per pixel.
The constants are those of rapidocr 3.10's configuration for this model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DETECT_SIDE", "Image", "Quads", "Run", "Tensor", "detect"]

Image = NDArray[np.uint8]  # [height, width, 3], RGB
Tensor = NDArray[np.float32]
#: Rectangles at any angle, [n, 4, 2]: corners as x, y in pixels, clockwise from the top left one.
Quads = NDArray[np.float32]
#: Runs a graph that has one input; returns its outputs.
Run = Callable[[Tensor], Sequence[NDArray[Any]]]

#: The longest side of the network's input, in pixels.
DETECT_SIDE = 960

_MULTIPLE = 32
_TEXT_PROBABILITY = 0.3
_BOX_PROBABILITY = 0.5
_UNCLIP = 1.6
_MIN_SIDE = 3.0
_MAX_BOXES = 3000


def detect(image: Image, run: Run, side: int = DETECT_SIDE) -> Quads:
    """Where text lines stand in `image`, top to bottom; the longer side is shrunk to at most `side`."""
    height, width = image.shape[:2]
    if not height or not width:
        return _no_quads()
    ratio = min(1.0, side / max(height, width))
    size = tuple(max(_MULTIPLE, round(length * ratio / _MULTIPLE) * _MULTIPLE) for length in (width, height))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR)
    probability = np.asarray(run(normalise(small)[None])[0], np.float32)[0, 0]
    quads = _boxes(np.nan_to_num(probability))
    quads *= np.array([width / size[0], height / size[1]], np.float32)
    return quads[np.argsort(quads[:, :, 1].mean(axis=1), kind="stable")]


def normalise(image: Image) -> Tensor:
    """`image` as planes of blue, green and red, [3, height, width], scaled to -1..1."""
    planes = np.empty((3, *image.shape[:2]), np.float32)
    for channel in range(3):
        planes[channel] = cv2.LUT(cv2.extractChannel(image, 2 - channel), _signed())
    return planes


@cache
def _signed() -> Tensor:
    """-1..1 for each pixel value."""
    return (np.arange(256) / 127.5 - 1).astype(np.float32)


def _no_quads() -> Quads:
    return np.empty((0, 4, 2), np.float32)


def _boxes(probability: Tensor) -> Quads:
    """The grown rectangles around the map's connected areas of text, in pixels of the map."""
    mask = cv2.dilate((probability > _TEXT_PROBABILITY).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    quads = []
    for contour in contours[:_MAX_BOXES]:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _MIN_SIDE:
            continue
        inner = cv2.boxPoints((centre, (width, height), angle))
        if _mean_inside(probability, inner) < _BOX_PROBABILITY:
            continue
        # the network is trained on shrunk lines; growing a rectangle evenly keeps it a rectangle
        grow = 2 * _UNCLIP * width * height / (2 * (width + height))
        quads.append(_clockwise(cv2.boxPoints((centre, (width + grow, height + grow), angle))))
    return np.stack(quads) if quads else _no_quads()


def _mean_inside(probability: Tensor, corners: Tensor) -> float:
    """Mean probability over the pixels of a rectangle."""
    height, width = probability.shape
    left, top = np.floor(corners.min(axis=0)).astype(int).clip(0, (width - 1, height - 1))
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).clip(0, (width - 1, height - 1))
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(probability[top : bottom + 1, left : right + 1], mask)[0])


def _clockwise(corners: Tensor) -> Tensor:
    """The corners [4, 2] of a rectangle, clockwise from the top left one."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.stack([left[0], right[0], right[1], left[1]]).astype(np.float32)
