"""The embedded layout detector: PicoDet trained on CDLA (Chinese document layout analysis), 10 classes.

Tensors of the graph: input `image` f32 [1, 3, 800, 608]; outputs four score maps [1, N, 10] (after the
sigmoid), then four distance maps [1, N, 32], at strides 8, 16, 32 and 64 (N = 7600, 1900, 475, 130). A
distance is the expectation of a softmax over 8 bins (generalised focal loss), in units of the stride.
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

from pipeline.convert.types import Box

__all__ = ["CLASSES", "INPUT_HEIGHT", "INPUT_WIDTH", "LABELS", "Detection", "decode", "detect", "preprocess"]

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

_STRIDES = (8, 16, 32, 64)
_BINS = 8
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
_NMS_IOU = 0.5
_MAX_CANDIDATES = 1000


@dataclass(frozen=True)
class Detection:
    """One detected region: CDLA's class, docling's label, and a box in the page's points."""

    raw: str
    label: str
    score: float
    box: Box


def preprocess(image: Image) -> Tensor:
    """The detector's input [1, 3, 800, 608] from an RGB page image, uint8 [height, width, 3].

    The page is stretched, not letter-boxed. Channels are fed as blue, green, red with ImageNet's mean and
    deviation of red, green, blue: that is what the reference implementation feeds.
    """
    small = cv2.resize(image, (INPUT_WIDTH, INPUT_HEIGHT), interpolation=cv2.INTER_LINEAR)
    tensor = np.empty((1, 3, INPUT_HEIGHT, INPUT_WIDTH), np.float32)
    # a pixel has 256 values: normalising is a table look-up
    for channel, table in enumerate(_normalised()):
        tensor[0, channel] = cv2.LUT(cv2.extractChannel(small, 2 - channel), table)
    return tensor


def decode(
    outputs: Sequence[NDArray[Any]], page_width: float, page_height: float, threshold: float = 0.3
) -> list[Detection]:
    """Detections above `threshold` from the graph's eight outputs, best first, boxes in points on the page.

    Overlapping boxes are suppressed whatever their class, since a page region has one meaning.
    """
    boxes, scores, classes = [], [], []
    for level, centres in enumerate(_centres()):
        level_scores = np.asarray(outputs[level], np.float32)[0]
        best = level_scores.max(axis=1)
        kept = np.flatnonzero(best > threshold)  # a NaN compares false and is dropped
        if not kept.size:
            continue
        logits = np.asarray(outputs[level + len(_STRIDES)], np.float32)[0, kept].reshape(-1, 4, _BINS)
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        distances = weights @ np.arange(_BINS, dtype=np.float32) * _STRIDES[level]
        centre = centres[kept]
        boxes.append(np.hstack([centre - distances[:, :2], centre + distances[:, 2:]]))
        scores.append(best[kept])
        classes.append(level_scores[kept].argmax(axis=1))
    if not boxes:
        return []
    all_boxes, all_scores, all_classes = (
        np.concatenate(boxes),
        np.concatenate(scores),
        np.concatenate(classes),
    )
    scale = (page_width / INPUT_WIDTH, page_height / INPUT_HEIGHT) * 2
    limits = (INPUT_WIDTH, INPUT_HEIGHT) * 2
    all_boxes = np.clip(all_boxes, 0, limits)
    sound = np.isfinite(all_boxes).all(axis=1) & (all_boxes[:, 2:] > all_boxes[:, :2]).all(axis=1)
    order = np.argsort(-all_scores, kind="stable")
    order = order[sound[order]][:_MAX_CANDIDATES]
    return [
        Detection(
            raw=CLASSES[all_classes[index]],
            label=LABELS[CLASSES[all_classes[index]]],
            score=float(all_scores[index]),
            box=Box(*(float(value) for value in all_boxes[index] * scale)),
        )
        for index in order[_suppress(all_boxes[order])]
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
    return decode(run(preprocess(image)), width, height, threshold)


@cache
def _normalised() -> list[Tensor]:
    """For each channel, the input value of every pixel value."""
    pixels = np.arange(256, dtype=np.float64) / 255
    return [((pixels - mean) / std).astype(np.float32) for mean, std in zip(_MEAN, _STD, strict=True)]


@cache
def _centres() -> list[Tensor]:
    """For each stride, the cell centres [N, 2] as x and y in input pixels, row by row."""
    centres = []
    for stride in _STRIDES:
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
