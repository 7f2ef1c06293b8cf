"""Which pages and pictures are asked about."""

from __future__ import annotations

import msgspec
import pytest

from docmill.pipeline.convert.types import Box, PageContent, PageLayout
from docmill.pipeline.convert.understanding.choosing import Choice, UnderstandingMode, layout_confidence
from tests.convert.handmade import content, line, region

PAGE = content([line("Some words.", 50, 50)])
SCAN = PageContent(
    number=1, width=612.0, height=792.0, scanned=[Box(0, 0, 612, 792)], bitmaps=[Box(0, 0, 612, 792)]
)
BLANK = PageContent(number=1, width=612.0, height=792.0)
BROKEN = PageContent(number=1, width=612.0, height=792.0, error="unreadable")
SURE = PageLayout(number=1, detections=[region(0, "text", (50, 50, 500, 60), score=0.9)])
UNSURE = PageLayout(number=1, detections=[region(0, "text", (50, 50, 500, 60), score=0.3)])
FAILED = PageLayout(number=1, error="crashed")


@pytest.mark.parametrize(
    ("mode", "page", "layout", "reason"),
    [
        ("all", PAGE, SURE, "all"),
        ("all", SCAN, FAILED, "all"),
        ("all", BLANK, SURE, ""),
        ("all", BROKEN, SURE, ""),
        ("fallback", PAGE, SURE, ""),
        ("fallback", PAGE, UNSURE, "low_confidence"),
        ("fallback", PAGE, FAILED, "no_layout"),
        ("fallback", PAGE, PageLayout(number=1), "low_confidence"),
        ("fallback", SCAN, SURE, "scanned"),
        ("fallback", BLANK, PageLayout(number=1), ""),
        ("doubts", PAGE, UNSURE, ""),
        ("doubts", PAGE, FAILED, "no_layout"),
        ("doubts", BLANK, FAILED, ""),
        ("pictures", PAGE, FAILED, ""),
    ],
)
def test_pages(mode: UnderstandingMode, page: PageContent, layout: PageLayout, reason: str) -> None:
    assert Choice(mode).reason(page, None, layout) == reason


@pytest.mark.parametrize(
    ("mode", "page", "reason"),
    [
        ("doubts", PAGE, "rulings"),
        ("doubts", BLANK, ""),
        ("doubts", BROKEN, ""),
        ("fallback", PAGE, ""),
        ("all", PAGE, "all"),
        ("pictures", PAGE, ""),
    ],
)
def test_doubts_decide_in_their_mode_alone(mode: UnderstandingMode, page: PageContent, reason: str) -> None:
    choice = Choice(mode)
    assert choice.reason(page, None, SURE, ["rulings", "columns"]) == reason
    assert choice.by_doubts == (mode == "doubts")


def test_thresholds_are_settings() -> None:
    assert Choice("fallback", min_confidence=0.2).reason(PAGE, None, UNSURE) == ""
    assert Choice("fallback", scanned=False).reason(SCAN, None, SURE) == ""


def test_confidence_is_weighted_by_area() -> None:
    big, small = (
        region(0, "text", (0, 0, 100, 90), score=0.9),
        region(1, "text", (0, 90, 100, 100), score=0.4),
    )
    assert layout_confidence(PageLayout(number=1, detections=[big, small])) == pytest.approx(0.85)
    assert layout_confidence(PageLayout(number=1)) == 0.0


def test_pictures_that_are_large_enough() -> None:
    layout = msgspec.structs.replace(
        SURE,
        clusters=[
            region(1, "picture", (0, 0, 300, 300)),
            region(2, "picture", (0, 0, 20, 20)),
            region(3, "table", (0, 0, 300, 300)),
        ],
    )
    assert [r.id for r in Choice("pictures").pictures(PAGE, layout)] == [1]
    assert [r.id for r in Choice("pictures", min_picture=0.0).pictures(PAGE, layout)] == [1, 2]
    assert Choice("all").pictures(PAGE, layout) == []
