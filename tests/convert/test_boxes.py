"""Areas of boxes, however they lie to each other."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docmill.pipeline.convert.types import Box

_EDGES = st.floats(allow_nan=False, allow_infinity=True, width=32) | st.sampled_from(
    [0.0, -0.0, 1.0, 2.0, math.nan]
)
BOXES = st.builds(Box, _EDGES, _EDGES, _EDGES, _EDGES)


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (Box(0, 0, 4, 2), 8.0),
        (Box(2, 1, 9, 9), 2.0),
        (Box(1, 0.5, 2, 1), 0.5),
        (Box(4, 0, 9, 2), 0.0),
        (Box(0, 2, 4, 9), 0.0),
        (Box(5, 0, 9, 2), 0.0),
        (Box(3, 1, 3, 2), 0.0),
        (Box(3, 1, 2, 2), 0.0),
    ],
)
def test_what_boxes_share(other: Box, shared: float) -> None:
    box = Box(0, 0, 4, 2)
    assert box.intersection(other) == other.intersection(box) == shared
    assert box.inside(other) == shared / 8


@given(BOXES, BOXES)
def test_areas_are_what_they_are_defined_as(one: Box, two: Box) -> None:
    """Of edges that are no numbers, too."""
    area = max(0.0, one.r - one.l) * max(0.0, one.b - one.t)
    width, height = min(one.r, two.r) - max(one.l, two.l), min(one.b, two.b) - max(one.t, two.t)
    shared = width * height if width > 0 and height > 0 else 0.0
    assert _same(one.area, area)
    assert _same(one.intersection(two), shared)
    assert _same(one.inside(two), shared / area if area > 0 else 0.0)


def _same(found: float, expected: float) -> bool:
    return found == expected or (math.isnan(found) and math.isnan(expected))
