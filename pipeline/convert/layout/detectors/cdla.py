"""The embedded layout detector: PicoDet trained on CDLA (Chinese document layout analysis), 10 classes.

Tensors of the graph: input `image` f32 [1, 3, 800, 608]; outputs four score maps [1, N, 10] (after the
sigmoid), then four distance maps [1, N, 32], at strides 8, 16, 32 and 64 (N = 7600, 1900, 475, 130). A
distance is the expectation of a softmax over 8 bins (generalised focal loss), in units of the stride.

On a server the graph takes bytes and sends its best cells: `resources/local/triton/served_detector.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.types import Box

__all__ = [
    "BINS",
    "CLASSES",
    "INPUT_HEIGHT",
    "INPUT_WIDTH",
    "LABELS",
    "MAX_CANDIDATES",
    "SCALE",
    "SHIFT",
    "STRIDES",
    "Cells",
    "Detection",
    "all_cells",
    "cell_count",
    "decode",
    "detect",
    "planes",
    "preprocess",
]

Image = NDArray[np.uint8]
Tensor = NDArray[np.float32]

INPUT_HEIGHT, INPUT_WIDTH = 800, 608

#: The detector's classes, in the order of its score columns.
CLASSES = (
    "text",
    "title",
    "figure",
    "figure_caption",
    "table",
    "table_caption",
    "header",
    "footer",
    "reference",
    "equation",
)

#: The docling label of each class.
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "text": "text",
        "title": "section_header",
        "figure": "picture",
        "figure_caption": "caption",
        "table": "table",
        "table_caption": "caption",
        "header": "page_header",
        "footer": "page_footer",
        "reference": "text",
        "equation": "formula",
    }
)

#: Of the four maps, in the order of the outputs.
STRIDES = (8, 16, 32, 64)
#: Of a distance to one side.
BINS = 8
#: More cells than these are not looked at, best first.
MAX_CANDIDATES = 1000
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
#: A pixel's value of each plane becomes `value * SCALE + SHIFT`, in single precision.
SCALE = tuple(float(np.float32(1 / (255 * std))) for std in _STD)
SHIFT = tuple(float(np.float32(-mean / std)) for mean, std in zip(_MEAN, _STD, strict=True))
_NMS_IOU = 0.5


@dataclass(frozen=True)
class Detection:
    """One detected region: CDLA's class, docling's label, and a box in the page's points."""

    raw: str
    label: str
    score: float
    box: Box


@dataclass(frozen=True)
class Cells:
    """Cells of the maps: their scores [n, 10], the bins of their distances [n, 32], and their numbers [n],
    counted through the four maps in turn."""

    scores: Tensor
    distances: Tensor
    numbers: NDArray[np.int64]


def planes(image: Image) -> NDArray[np.uint8]:
    """The page as bytes [1, 3, 800, 608], from an RGB page image [height, width, 3]: blue, green, red.

    The page is stretched, not letter-boxed.
    """
    small = cv2.resize(image, (INPUT_WIDTH, INPUT_HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.stack([cv2.extractChannel(small, channel) for channel in (2, 1, 0)])[None]


def preprocess(image: Image) -> Tensor:
    """The detector's input [1, 3, 800, 608] from an RGB page image, uint8 [height, width, 3].

    Blue, green and red are given ImageNet's mean and deviation of red, green and blue: that is what the
    reference implementation feeds.
    """
    bytes_ = planes(image)
    tensor = np.empty(bytes_.shape, np.float32)
    # a pixel has 256 values: normalising is a table look-up
    for channel, table in enumerate(_normalised()):
        tensor[0, channel] = cv2.LUT(bytes_[0, channel], table)
    return tensor


def cell_count() -> int:
    """The cells of all four maps."""
    return len(_strides())


def all_cells(outputs: Sequence[NDArray[Any]]) -> Cells:
    """Every cell of the graph's eight outputs."""
    scores, distances = (
        np.concatenate([np.asarray(output[0], np.float32) for output in half])
        for half in (outputs[: len(STRIDES)], outputs[len(STRIDES) :])
    )
    return Cells(scores, distances, np.arange(len(scores)))


def decode(cells: Cells, page_width: float, page_height: float, threshold: float = 0.3) -> list[Detection]:
    """Detections above `threshold`, best first, boxes in points on the page.

    Overlapping boxes are suppressed whatever their class, since a page region has one meaning.
    """
    best = cells.scores.max(axis=1)
    kept = np.flatnonzero(best > threshold)  # a NaN compares false and is dropped
    if not kept.size:
        return []
    logits = cells.distances[kept].reshape(-1, 4, BINS)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    numbers = cells.numbers[kept]
    centre = np.concatenate(_centres())[numbers]
    # no matrix product: BLAS rounds by its kernel, which the environment chooses, and by the number of rows
    distances = (weights * np.arange(BINS, dtype=np.float32)).sum(axis=2) * _strides()[numbers, None]
    limits = (INPUT_WIDTH, INPUT_HEIGHT) * 2
    boxes = np.clip(np.hstack([centre - distances[:, :2], centre + distances[:, 2:]]), 0, limits)
    scale = (page_width / INPUT_WIDTH, page_height / INPUT_HEIGHT) * 2
    sound = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    scores, classes = best[kept], cells.scores[kept].argmax(axis=1)
    order = np.argsort(-scores, kind="stable")
    order = order[sound[order]][:MAX_CANDIDATES]
    return [
        Detection(
            raw=CLASSES[classes[index]],
            label=LABELS[CLASSES[classes[index]]],
            score=float(scores[index]),
            box=Box(*(float(value) for value in boxes[index] * scale)),
        )
        for index in order[_suppress(boxes[order])]
    ]


def detect(
    image: Image,
    width: float,
    height: float,
    run: Callable[[Tensor], Sequence[NDArray[Any]]],
    threshold: float = 0.3,
) -> list[Detection]:
    """Detections of a page of `width` x `height` points, drawn as the RGB `image`; `run` is the model."""
    if not image.size:
        return []
    return decode(all_cells(run(preprocess(image))), width, height, threshold)


@cache
def _normalised() -> list[Tensor]:
    """For each channel, the input value of every pixel value."""
    pixels = np.arange(256, dtype=np.float32)
    return [pixels * np.float32(scale) + np.float32(shift) for scale, shift in zip(SCALE, SHIFT, strict=True)]


@cache
def _strides() -> Tensor:
    """The stride of each cell."""
    return np.concatenate(
        [
            np.full(len(centres), stride, np.float32)
            for stride, centres in zip(STRIDES, _centres(), strict=True)
        ]
    )


@cache
def _centres() -> list[Tensor]:
    """For each stride, the cell centres [N, 2] as x and y in input pixels, row by row."""
    centres = []
    for stride in STRIDES:
        columns = np.arange(-(-INPUT_WIDTH // stride), dtype=np.float32)
        rows = np.arange(-(-INPUT_HEIGHT // stride), dtype=np.float32)
        x, y = np.meshgrid((columns + 0.5) * stride, (rows + 0.5) * stride)
        centres.append(np.stack([x.ravel(), y.ravel()], axis=1))
    return centres


def _suppress(boxes: Tensor) -> NDArray[np.int64]:
    """Greedy non-maximum suppression: indices of the kept ones of `boxes` [N, 4], sorted best first."""
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    alive = np.ones(len(boxes), dtype=bool)
    kept = []
    for index in range(len(boxes)):
        if not alive[index]:
            continue
        kept.append(index)
        sides = np.minimum(boxes[index, 2:], boxes[index + 1 :, 2:]) - np.maximum(
            boxes[index, :2], boxes[index + 1 :, :2]
        )
        shared = np.prod(np.clip(sides, 0, None), axis=1)
        union = areas[index] + areas[index + 1 :] - shared
        alive[index + 1 :] &= shared <= _NMS_IOU * union
    return np.array(kept, dtype=np.int64)
