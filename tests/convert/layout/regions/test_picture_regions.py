"""What a page's text is set on is no picture of it; charts and diagrams are, and are no tables."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box
from tests.convert.layout.sheet import Sheet, seen

SHORT = (
    "Opening hours",
    "Monday to Friday only",
    "Nine to five",
    "Call us before noon",
    "Bring your own key",
)


def labels(sheet: Sheet, *detections: str) -> set[str]:
    found = [seen(raw, Box(60, 60, 540, 560)) for raw in detections]
    return {region.label for region in fuse(sheet.page, None, found)}


@pytest.mark.parametrize("detected", [(), ("figure",)])
def test_a_bitmap_behind_a_page_of_short_lines(detected: tuple[str, ...]) -> None:
    sheet = Sheet()
    sheet.page.bitmaps.append(Box(60, 60, 540, 560))
    for at in range(16):
        sheet.line(90, 80 + 28 * at, SHORT[at % 5], 14)
    assert "picture" not in labels(sheet, *detected)


def test_a_bitmap_with_names_on_it_is_a_picture() -> None:
    sheet = Sheet()
    sheet.page.bitmaps.append(Box(60, 60, 540, 560))
    for at, name in enumerate(["North", "South", "East", "West", "Harbour", "Quay", "Bridge", "Mill"] * 4):
        sheet.line(80 + 110 * (at % 4), 80 + 56 * (at // 4), name, 8)
    sheet.prose(60, 600, 4)
    assert "picture" in labels(sheet)


def test_the_frame_and_grid_of_a_chart_are_no_table() -> None:
    sheet = Sheet()
    sheet.grid([60, 110, 520, 540], [60, 90, 160, 230, 300, 370, 440, 500, 560])
    for at in range(5):
        sheet.line(70, 155 + 70 * at, f"0.{at}", 9)
        sheet.line(120 + 90 * at, 520, f"{at}0,000", 9)
    for at in range(12):
        sheet.page.shapes.append(Box(120 + 30 * at, 200 + 9 * at, 150 + 30 * at, 209 + 9 * at))
    found = labels(sheet, "figure")
    assert "picture" in found
    assert "table" not in found


def heat_map(caption: str) -> Sheet:
    """Numbers in the cells of a ruled square, names along two sides, and a caption under it."""
    sheet = Sheet()
    sheet.grid([100 + 40 * at for at in range(11)], [80 + 40 * at for at in range(11)])
    for at in range(100):
        sheet.line(108 + 40 * (at % 10), 95 + 40 * (at // 10), f"0.{at:02}", 8)
    for at in range(10):
        sheet.line(66, 95 + 40 * at, f"Orbit {at}", 8)
    sheet.line(60, 570, caption)
    sheet.prose(60, 620, 8)
    return sheet


def test_a_heat_map_is_a_picture_where_its_caption_says_so() -> None:
    assert "table" not in labels(heat_map("Figure 1: How they overlap"), "figure")
    assert "picture" in labels(heat_map("Figure 1: How they overlap"), "figure")


@pytest.mark.parametrize(
    ("caption", "seen_as"),
    [
        ("Table 1: How they overlap", ("figure",)),
        ("Figure 1: How they overlap", ("table",)),
        ("Figure 1: How they overlap", ("figure", "table")),
    ],
)
def test_a_grid_of_numbers_is_a_table_else(caption: str, seen_as: tuple[str, ...]) -> None:
    assert "table" in labels(heat_map(caption), *seen_as)


def test_a_listing_with_the_caption_of_a_figure_is_text() -> None:
    sheet = Sheet()
    for at in range(30):
        sheet.line(70, 70 + 14 * at, f"value[{at}] = read_next(source, {at})", mono=True)
    sheet.line(60, 570, "Figure 2: How values are read")
    assert "picture" not in labels(sheet, "figure")


def test_boxes_of_a_diagram_are_no_table() -> None:
    sheet = Sheet()
    for at, name in enumerate(("Taxes", "State budget", "Ministry of works", "Schools")):
        left = 70 + 115 * at
        sheet.grid([left, left + 90], [100, 130])
        sheet.line(left + 6, 110, name, 9)
        sheet.line(left + 6, 121, "by year", 7)
    assert "table" not in labels(sheet)


def test_a_detection_that_takes_in_the_caption() -> None:
    sheet = Sheet()
    for at in range(12):
        sheet.page.shapes.append(Box(100 + 30 * at, 120 + 20 * at, 140 + 30 * at, 160 + 20 * at))
    caption = sheet.line(60, 500, "Figure 3: Where the boxes are", italic=True)
    sheet.prose(60, 600, 8)
    [picture] = [
        one
        for one in fuse(sheet.page, None, [seen("figure", Box(60, 60, 540, 512))])
        if one.label == "picture"
    ]
    assert picture.box.b < caption.t


def test_text_with_panels_of_code_in_it_is_no_picture() -> None:
    sheet = Sheet()
    for at in range(3):
        sheet.line(70, 80 + 90 * at, "To rename what was made before")
        sheet.page.shapes.append(Box(70, 100 + 90 * at, 530, 140 + 90 * at))
        sheet.line(90, 112 + 90 * at, "rename made_before to made_after;", mono=True)
    assert "picture" not in labels(sheet, "figure")


def test_a_detection_of_words_alone_is_no_picture() -> None:
    sheet = Sheet()
    sheet.prose(60, 60, 40)
    sheet.line(60, 600, "Read the older notes first", 24)
    found = fuse(sheet.page, None, [seen("figure", Box(58, 596, 400, 626))])
    assert "picture" not in {region.label for region in found}
