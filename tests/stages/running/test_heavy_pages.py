"""Which chunks of pages are begun early."""

from __future__ import annotations

import pytest

from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.heavy_pages import heaviest_page
from docmill.pipeline.stages.selection import FirstPages, Pages, Selection, WholeDocument


def record(stage: str, seconds: dict[int, float]) -> StageRecord:
    return StageRecord(stage=stage, document="d", name="d.pdf", page_seconds=seconds)


UPSTREAM = {
    "pages": record("pages", {1: 0.01, 2: 0.02, 3: 1.5, 4: 0.6, 5: 0.2}),
    "ocr": record("ocr", {1: 30.0}),
}


@pytest.mark.parametrize(
    ("chunk", "seconds"),
    [
        (Pages((1, 2)), 0.0),  # a page that OCR took long for is an ordinary one afterwards
        (Pages((2, 4)), 0.6),
        (Pages((3, 4)), 1.5),
        (Pages((5,)), 0.0),
        (Pages((9,)), 0.0),
        (WholeDocument(), 1.5),
    ],
)
def test_the_slowest_page_to_read(chunk: Selection, seconds: float) -> None:
    assert heaviest_page(chunk, UPSTREAM) == seconds


def test_nothing_is_known_before_the_first_stage_and_of_records_of_earlier_versions() -> None:
    assert heaviest_page(FirstPages(), {}) == 0.0
    assert heaviest_page(Pages((1,)), {"pages": record("pages", {})}) == 0.0
