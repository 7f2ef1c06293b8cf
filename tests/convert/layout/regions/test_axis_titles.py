"""A chart has the titles of its axes, which stand beyond the numbers along them."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box, Cluster
from tests.convert.layout.sheet import Sheet

TITLE = "Time (s)"


def chart(curves: int = 9, caption: str = "Figure 2: What came of it") -> Sheet:
    """A frame with curves in it, numbers along two sides, and a caption a title's height below."""
    sheet = Sheet()
    sheet.grid([150, 400], [100, 220])
    for at in range(curves):
        sheet.page.shapes.append(Box(160 + 3 * at, 110 + 3 * at, 390 + at, 200 + at))
    for at in range(6):
        sheet.line(146 + 48 * at, 226, f"{at}0", 8)
        sheet.line(130, 212 - 22 * at, f"0.{at}", 8)
    sheet.line(120, 270, caption)
    sheet.prose(72, 300, 8)
    return sheet


def of(sheet: Sheet, label: str) -> list[Cluster]:
    return [region for region in fuse(sheet.page, None, ()) if region.label == label]


def test_the_titles_of_a_chart_are_its_own() -> None:
    sheet = chart()
    below = sheet.line(255, 240, TITLE, 9)
    beside = sheet.line(112, 160, "Loss", 9, angle=90)
    [picture] = of(sheet, "picture")
    assert below.inside(picture.box) == 1.0
    assert beside.inside(picture.box) > 0.9
    assert picture.box.b < 270


@pytest.mark.parametrize(
    ("x", "y", "text"),
    [
        pytest.param(255, 252, TITLE, id="too far below"),
        pytest.param(130, 240, TITLE, id="at the side"),
        pytest.param(170, 240, "is what we saw in most of the cases that year", id="a line of text"),
    ],
)
def test_what_is_no_title_is_not(x: float, y: float, text: str) -> None:
    sheet = chart(caption="That is all")
    other = sheet.line(x, y, text, 9)
    [picture] = of(sheet, "picture")
    assert picture.box.b < other.t + 1


def test_a_chart_of_two_curves_reaches_its_caption_with_its_title() -> None:
    sheet = chart(curves=2)
    sheet.line(255, 240, TITLE, 9)
    assert len(of(sheet, "picture")) == 1
    assert of(chart(curves=2, caption="That is all of it"), "picture") == []
