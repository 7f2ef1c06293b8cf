"""docling's layout model (RT-DETR "heron"): a page picture to its input, its detections to regions.

The contract is that of docling's own remote engine, so that one server serves both. Input `images`: RGB
[N, 3, 640, 640], FP32 in 0..1, stretched with Pillow's bilinear filter, not normalised; or UINT8 in 0..255.
Input `orig_target_sizes`: INT64 [N, 2], width and height of each picture. Outputs: labels INT64 [N, Q], boxes
FP32 [N, Q, 4] as left, top, right, bottom in pixels of the picture, scores FP32 [N, Q] after the sigmoid.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from docmill.pipeline.convert.types import Box, Cluster

__all__ = ["LABELS", "SCALE", "SIDE", "model_input", "regions"]

#: Pixels per point of the picture: 72 dpi.
SCALE = 1.0
SIDE = 640

#: The docling label of each class, by index.
LABELS = (
    "caption",
    "footnote",
    "formula",
    "list_item",
    "page_footer",
    "page_header",
    "picture",
    "section_header",
    "table",
    "text",
    "title",
    "document_index",
    "code",
    "checkbox_selected",
    "checkbox_unselected",
    "form",
    "key_value_region",
)

#: docling's engine drops what scores less; its post-processing then has thresholds by label.
_LEAST_SCORE = 0.3


def model_input(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The model's view of an RGB picture [H, W, 3]: uint8 [3, 640, 640]."""
    square = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def regions(
    labels: NDArray[Any],
    boxes: NDArray[Any],
    scores: NDArray[Any],
    picture: tuple[int, int],
    page: tuple[float, float],
) -> list[Cluster]:
    """The regions of one page, in the model's order, from labels [Q], boxes [Q, 4] and scores [Q].

    `picture` is the width and height that the boxes refer to, in pixels; `page` the page's, in points. Boxes
    are cut at the page's edges. Detections of unknown classes and boxes without area or with values that
    are no numbers are dropped. Raises `ValueError` when the arrays do not fit each other.
    """
    count = scores.size
    if scores.shape != (count,) or labels.shape != (count,) or boxes.shape != (count, 4):
        shapes = f"labels {labels.shape}, boxes {boxes.shape}, scores {scores.shape}"
        raise ValueError(f"expected labels (Q,), boxes (Q, 4) and scores (Q,), got {shapes}")
    scale = np.array([page[0] / max(1, picture[0]), page[1] / max(1, picture[1])] * 2)
    limits = np.array([*page, *page])
    placed = np.clip(boxes.astype(np.float64) * scale, 0.0, limits)
    known = (labels >= 0) & (labels < len(LABELS))
    sound = np.isfinite(placed).all(axis=1) & (placed[:, 2:] > placed[:, :2]).all(axis=1)
    kept = np.flatnonzero(known & sound & (scores >= _LEAST_SCORE))  # NaN compares false
    return [
        Cluster(
            id=index,
            label=LABELS[int(labels[at])],
            score=min(1.0, float(scores[at])),
            box=Box(*(float(value) for value in placed[at])),
        )
        for index, at in enumerate(kept)
    ]
