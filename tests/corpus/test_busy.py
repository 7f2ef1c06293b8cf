"""How long at least one of several things was under way."""

from __future__ import annotations

import pytest

from docmill.pipeline.corpus.busy import busy_seconds


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0.0),
        ([(1, 4)], 3.0),
        ([(5, 6), (1, 2)], 2.0),
        ([(1, 10), (2, 3), (9, 12)], 11.0),
        ([(1, 3), (3, 5)], 4.0),
        ([(4, 2), (1, 1.5)], 0.5),  # one that ended before it began, as seen through a window
    ],
)
def test_what_overlaps_counts_once(spans: list[tuple[float, float]], seconds: float) -> None:
    assert busy_seconds(spans) == seconds
