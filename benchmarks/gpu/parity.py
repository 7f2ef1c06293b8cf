"""Whether two runs of a detector find the same: the gate that a lower precision has to pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Found", "agreement"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Found:
    """Detections of one picture: labels [N], boxes [N, 4] as corners, scores [N]."""

    labels: Array
    boxes: Array
    scores: Array

    def above(self, score: float) -> Found:
        """Those that score more."""
        kept = self.scores > score
        return Found(self.labels[kept], self.boxes[kept], self.scores[kept])


def agreement(one: Found, other: Found, overlap: float, score: float) -> int:
    """How many pairs there are: of one label, overlapping and scoring alike; none is in two of them.

    The best overlaps are paired first, as `benchmarks.serving.detection_parity` does with served models.
    """
    if not len(one.labels) or not len(other.labels):
        return 0
    shared = _overlaps(one.boxes, other.boxes)
    alike = one.labels[:, None] == other.labels[None]
    alike &= np.abs(one.scores[:, None] - other.scores[None]) <= score
    shared = np.where(alike, shared, -1.0)
    free_one, free_other = set(range(len(one.labels))), set(range(len(other.labels)))
    for place in np.argsort(-shared, axis=None, kind="stable"):
        i, j = divmod(int(place), shared.shape[1])
        if shared[i, j] < overlap:
            break
        if i in free_one and j in free_other:
            free_one.remove(i)
            free_other.remove(j)
    return len(one.labels) - len(free_one)


def _overlaps(one: Array, other: Array) -> Array:
    """Intersection over union of all pairs [N, M]."""
    lower = np.maximum(one[:, None, :2], other[None, :, :2])
    upper = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.prod(np.clip(upper - lower, 0, None), axis=2)
    areas = [np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1) for boxes in (one, other)]
    both = areas[0][:, None] + areas[1][None] - common
    return np.divide(common, both, out=np.zeros_like(common), where=both > 0)
