"""Whether two runs of a detector find the same."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.gpu.parity import Found, agreement


def _found(*detections: tuple[int, tuple[float, float, float, float], float]) -> Found:
    labels, boxes, scores = zip(*detections, strict=True)
    return Found(np.array(labels), np.array(boxes, np.float32), np.array(scores, np.float32))


_BOX = (0.1, 0.1, 0.4, 0.4)
_NEAR = (0.1, 0.1, 0.4, 0.402)
_FAR = (0.5, 0.5, 0.9, 0.9)


@pytest.mark.parametrize(
    ("other", "pairs"),
    [
        ((3, _BOX, 0.9), 1),
        ((3, _NEAR, 0.9), 1),
        ((3, _FAR, 0.9), 0),
        ((4, _BOX, 0.9), 0),
        ((3, _BOX, 0.8), 0),
    ],
)
def test_a_partner_has_the_label_the_place_and_the_score(
    other: tuple[int, tuple[float, float, float, float], float], pairs: int
) -> None:
    assert agreement(_found((3, _BOX, 0.9)), _found(other), overlap=0.98, score=0.02) == pairs


def test_no_detection_is_the_partner_of_two() -> None:
    one = _found((3, _BOX, 0.9), (3, _NEAR, 0.9))
    assert agreement(one, _found((3, _BOX, 0.9)), 0.98, 0.02) == 1
    assert agreement(one, one, 0.98, 0.02) == 2


def test_the_best_overlap_is_the_partner() -> None:
    # the near one would be as good for the first, and would leave none for itself
    one, other = _found((3, _BOX, 0.9), (3, _NEAR, 0.9)), _found((3, _NEAR, 0.9), (3, _BOX, 0.9))
    assert agreement(one, other, 0.99, 0.02) == 2


def test_nothing_agrees_with_nothing() -> None:
    none = _found((3, _BOX, 0.1)).above(0.3)
    assert len(none.labels) == 0
    assert agreement(none, none, 0.98, 0.02) == 0
    assert agreement(none, _found((3, _BOX, 0.9)), 0.98, 0.02) == 0
