"""When a detector could see more than text and drawings tell, and when it could not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from docmill.pipeline.convert.layout.doubts import Doubt, page_doubts, possible_headings, region_doubts
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box, PageOcr, TextCell, Widget
from tests.convert.layout.sheet import Sheet


def plain() -> Sheet:
    """A page of paragraphs under a running head."""
    sheet = Sheet()
    sheet.line(72, 40, "On Tides and Harbours", 9)
    for place in range(4):
        sheet.prose(72, 90 + 150 * place, 10)
    sheet.rule(72, 55, 540, 55)
    return sheet


def found(sheet: Sheet, ocr: PageOcr | None = None) -> list[Doubt]:
    regions = fuse(sheet.page, ocr, ())
    return [*page_doubts(sheet.page, ocr), *region_doubts(sheet.page, regions)]


def test_paragraphs_leave_no_doubt() -> None:
    assert found(plain()) == []


def test_two_columns_of_paragraphs_leave_no_doubt() -> None:
    sheet = Sheet()
    for left in (60, 320):
        for place in range(4):
            sheet.prose(left, 90 + 150 * place, 10, words=7)
    assert found(sheet) == []


def test_icons_and_a_footnotes_rule_leave_no_doubt() -> None:
    sheet = plain()
    sheet.page.shapes += [Box(80 + 40 * n, 44, 88 + 40 * n, 52) for n in range(8)]
    sheet.page.shapes.append(Box(0, 0, 612, 792))  # the page's background
    sheet.page.bitmaps.append(Box(500, 10, 560, 30))
    sheet.rule(72, 700, 200, 700)
    assert found(sheet) == []


def grid(sheet: Sheet) -> None:
    sheet.grid([100, 200, 300], [660, 680, 700])


def bars(sheet: Sheet) -> None:
    sheet.page.shapes += [Box(100 + 20 * n, 700 - 10 * n, 115 + 20 * n, 740) for n in range(4)]


def strokes(sheet: Sheet) -> None:
    sheet.page.shapes += [Box(100 + 4 * n, 660, 102 + 4 * n, 664) for n in range(60)]


def caption(sheet: Sheet) -> None:
    sheet.line(72, 700, "Figure 3: The harbour at noon")


def columns(sheet: Sheet) -> None:
    for n in range(3):
        for left in (72, 220, 400):
            sheet.line(left, 680 + 14 * n, "Ebb and flow")


def pairs(sheet: Sheet) -> None:
    for n in range(4):
        sheet.line(72, 680 + 14 * n, "Ebb")
        sheet.line(300, 680 + 14 * n, "at noon")


def labelled_map(sheet: Sheet) -> None:
    sheet.page.bitmaps.append(Box(72, 80, 540, 260))


def photographs(sheet: Sheet) -> None:
    sheet.page.bitmaps += [Box(72 + 100 * n, 680, 160 + 100 * n, 740) for n in range(4)]


def field(sheet: Sheet) -> None:
    sheet.page.widgets.append(Widget(Box(72, 690, 200, 705), "text"))


def scanned(sheet: Sheet) -> None:
    sheet.page.scanned.append(Box(72, 680, 540, 760))


def ruled_twice(sheet: Sheet) -> None:
    for y in (660, 690, 720):
        sheet.rule(72, y, 400, y)


@pytest.mark.parametrize(
    ("draw", "why"),
    [
        (grid, "rulings"),
        (ruled_twice, "rulings"),
        (bars, "drawing"),
        (strokes, "drawing"),
        (caption, "caption"),
        (columns, "columns"),
        (pairs, "columns"),
        (labelled_map, "bitmaps"),
        (photographs, "bitmaps"),
        (field, "form"),
        (scanned, "scan"),
    ],
)
def test_what_leaves_a_doubt(draw: Callable[[Sheet], None], why: Doubt) -> None:
    sheet = plain()
    draw(sheet)
    assert why in found(sheet)


def test_recognised_text_leaves_a_doubt() -> None:
    read = TextCell("What the scanner saw", Box(72, 300, 200, 310), 0, 0, ocr=True)
    assert "scan" in found(plain(), PageOcr(number=1, cells=[read]))


def test_a_title_page_leaves_a_doubt() -> None:
    sheet = Sheet()
    sheet.line(150, 200, "On Tides and Harbours", 30)
    sheet.line(150, 400, "A thesis")
    assert "little_text" in found(sheet)


def test_lines_that_may_be_headings_are_short_texts_without_an_address() -> None:
    sheet = plain()
    alone = sheet.line(72, 720, "Software")
    sheet.line(72, 750, "https://example.org/tides")
    boxes = possible_headings(sheet.page, fuse(sheet.page, None, ()))
    assert alone in boxes
    assert not any(box.t > 740 for box in boxes)
