"""Pages of the samples as the served layout detector takes them, and what it finds there."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.serving.pictures import KINDS
from docmill.pipeline.convert.layout.detectors import cdla

__all__ = ["assert_same_regions", "sample_pages"]

#: Low, so that every page has some.
_THRESHOLD = 0.1


def sample_pages(count: int, first: int = 0) -> np.ndarray:
    """So many pages, uint8 [count, 3, 800, 608], each another as long as there are others."""
    known = _all()
    return np.concatenate([known[(first + index) % len(known)] for index in range(count)])


def assert_same_regions(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> None:
    """The detector's outputs for a page say the same but for rounding, in which cells may change places."""
    found, expected = _regions(one), _regions(other)
    assert [hit.raw for hit in found] == [hit.raw for hit in expected] != []
    for hit, twin in zip(found, expected, strict=True):
        assert hit.score == pytest.approx(twin.score, abs=1e-4)
        for side in ("l", "t", "r", "b"):
            assert getattr(hit.box, side) == pytest.approx(getattr(twin.box, side), abs=0.01)


@functools.cache
def _all() -> list[np.ndarray]:
    return [page for [page] in KINDS["layout_cdla"][1]()]


def _regions(outputs: Sequence[np.ndarray]) -> list[cdla.Detection]:
    scores, distances, numbers = outputs
    return cdla.decode(cdla.Cells(scores, distances, numbers), 608, 800, _THRESHOLD)
