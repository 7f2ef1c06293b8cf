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
        answer=lambda inputs: one_table(inputs[1], (1.0, 0.5), 0.9),
        parameters={"digest": digest} if digest else {},
        versions=versions,
    )


def one_table(sizes: np.ndarray, extent: tuple[float, float], score: float) -> list[np.ndarray]:
    """One table at the top left of each picture, such a part of it; and 299 detections without a score."""
    count = len(sizes)
    boxes = np.zeros((count, 300, 4), np.float32)
    boxes[:, 0, 2:] = sizes * np.array(extent)
    scores = np.zeros((count, 300), np.float32)
    scores[:, 0] = score
    return [np.full((count, 300), 8, np.int64), boxes, scores]
