"""Batches that grow."""

from __future__ import annotations

import pytest

from docmill.pipeline.cli.converting.growing import growing
from docmill.pipeline.intake.batches import DocumentRef


def documents(count: int, size: int = 1000) -> list[DocumentRef]:
    return [
        DocumentRef(f"{number:064x}", f"{number}.pdf", f"/in/{number}.pdf", size) for number in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "most", "workers", "lengths"),
    [
        (0, 64, 1, []),
        (1, 64, 1, [1]),
        (8, 64, 1, [8]),
        (60, 64, 2, [4, 56]),
        (64, 64, 16, [16, 48]),
        (100, 64, 1, [4, 32, 64]),
        (5, 2, 8, [2, 2, 1]),
        (3, 1, 1, [1, 1, 1]),
        (400, None, 2, [4, 32, 256, 108]),
        (800, None, 16, [16, 128, 256, 256, 144]),
    ],
)
def test_the_first_are_small_and_none_is_too_large(
    count: int, most: int | None, workers: int, lengths: list[int]
) -> None:
    batches = list(growing(documents(count), most, workers))
    assert [len(batch) for batch in batches] == lengths
    assert [each for batch in batches for each in batch] == documents(count)


def test_large_documents_come_in_smaller_batches() -> None:
    assert [len(batch) for batch in growing(documents(164, 10 << 20), None)] == [4, 32, 64, 64]
    assert [len(batch) for batch in growing(documents(236, 640 << 10), None)] == [4, 32, 102, 98]
    assert [len(batch) for batch in growing(documents(264, 10 << 20), 128)] == [4, 32, 128, 100]
