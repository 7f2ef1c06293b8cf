"""A stand-in for docling's layout model on the small server."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.support.kserve_server import Model


def heron(digest: str = "", versions: Sequence[str] = ("1",)) -> Model:
    """A model under heron's contract: each page is a table, as wide as it and half as high."""
    return Model(
        inputs=[("images", "FP32"), ("orig_target_sizes", "INT64")],
        outputs=[("labels", "INT64"), ("boxes", "FP32"), ("scores", "FP32")],
        answer=_detections,
        parameters={"digest": digest} if digest else {},
        versions=versions,
    )


def _detections(inputs: list[np.ndarray]) -> list[np.ndarray]:
    images, sizes = inputs
    count = len(images)
    boxes = np.zeros((count, 300, 4), np.float32)
    boxes[:, 0, 2:] = sizes * np.array([1.0, 0.5])
    scores = np.zeros((count, 300), np.float32)
    scores[:, 0] = 0.9
    return [np.full((count, 300), 8, np.int64), boxes, scores]
