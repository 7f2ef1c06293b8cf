"""Batches that grow."""

from __future__ import annotations

import pytest

from docmill.pipeline.cli.converting.growing import growing


@pytest.mark.parametrize(
    ("documents", "most", "workers", "lengths"),
    [
        (0, 64, 1, []),
        (1, 64, 1, [1]),
        (8, 64, 1, [8]),
        (60, 64, 2, [4, 56]),
        (64, 64, 16, [16, 48]),
        (100, 64, 1, [4, 32, 64]),
        (5, 2, 8, [2, 2, 1]),
        (3, 1, 1, [1, 1, 1]),
    ],
)
def test_the_first_are_small_and_none_is_too_large(
    documents: int, most: int, workers: int, lengths: list[int]
) -> None:
    pieces = list(growing(range(documents), most, workers))
    assert [len(piece) for piece in pieces] == lengths
    assert [each for piece in pieces for each in piece] == list(range(documents))
