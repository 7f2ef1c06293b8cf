"""When a detector could see more than text and drawings tell, and when it could not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

import pytest

from docmill.pipeline.convert.layout.doubts import Doubt, page_doubts, region_doubts
from docmill.pipeline.convert.layout.fusion import Fusion
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.types import Box, PageOcr, TextCell, Widget
from tests.convert.layout.sheet import Sheet, Style


def plain() -> Sheet:
    """A page of paragraphs under a running head."""
    sheet = Sheet()
    sheet.line(72, 40, "On Tides and Harbours", 9)
    for place in range(4):
        sheet.prose(72, 90 + 150 * place, 10)
    sheet.rule(72, 55, 540, 55)
    return sheet


def found(sheet: Sheet, ocr: PageOcr | None = None, style: DocumentStyle | None = None) -> list[Doubt]:
    plain = Fusion(sheet.page, ocr, style).plain()
    return [
        *page_doubts(sheet.page, ocr, style),
        *region_doubts(sheet.page, *plain),
    ]


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


def test_a_panel_behind_lines_of_text_leaves_no_doubt() -> None:
    sheet = plain()
    sheet.page.shapes.append(Box(72, 680, 540, 730))
    sheet.lines(80, 690, "The tide is low at noon, and the", "quay is dry for two hours.")
    assert found(sheet) == []


def panel(sheet: Sheet) -> None:
    """A grid that does not close above its heads."""
    sheet.grid([100, 200, 300], [660, 680, 700])
    sheet.line(104, 649, "Ebb")
    sheet.line(204, 649, "Flow")


def bars(sheet: Sheet) -> None:
    sheet.page.shapes += [Box(100 + 20 * n, 700 - 10 * n, 115 + 20 * n, 740) for n in range(4)]


def shaded_row(sheet: Sheet) -> None:
    sheet.page.shapes.append(Box(72, 690, 400, 706))
    sheet.line(76, 693, "Ebb")
    sheet.line(240, 693, "at noon")


def labelled_box(sheet: Sheet) -> None:
    sheet.page.shapes.append(Box(72, 690, 200, 710))
    sheet.line(80, 695, "Tide gauge.")


def frame(sheet: Sheet) -> None:
    sheet.page.shapes.append(Box(72, 665, 400, 760))


def strokes(sheet: Sheet) -> None:
    sheet.page.shapes += [Box(100 + 4 * n, 660, 102 + 4 * n, 664) for n in range(60)]


def caption(sheet: Sheet) -> None:
    sheet.line(72, 700, "Figure 3: The harbour at noon")


def table_named_over_a_picture(sheet: Sheet) -> None:
    sheet.line(72, 690, "Table 3: The harbour at noon")
    sheet.page.bitmaps.append(Box(72, 704, 400, 780))


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
    for left in (80, 240):
        sheet.line(left, 700, "at noon")


@pytest.mark.parametrize(
    ("draw", "why"),
    [
        (panel, "rulings"),
        (ruled_twice, "rulings"),
        (bars, "drawing"),
        (strokes, "drawing"),
        (shaded_row, "drawing"),
        (labelled_box, "drawing"),
        (frame, "drawing"),
        (caption, "caption"),
        (table_named_over_a_picture, "caption"),
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


def test_the_caption_of_a_bitmap_and_of_a_listing_leave_no_doubt() -> None:
    sheet = plain()
    sheet.page.bitmaps.append(Box(72, 660, 400, 720))
    sheet.line(72, 726, "Figure 3: The harbour at noon")
    assert found(sheet) == []
    sheet = plain()
    sheet.lines(
        72, 660, "def ebb(hour):", "    return tide[hour] - low", "print(ebb(7))", mono=True, font="Mono"
    )
    sheet.line(72, 705, "Listing 1: The ebb")
    assert found(sheet) == []


@pytest.mark.parametrize(("name", "why"), [("Algorithm 1", []), ("Example 2", []), ("Figure 3", ["caption"])])
def test_a_caption_of_text_leaves_no_doubt(name: str, why: list[Doubt]) -> None:
    sheet = plain()
    sheet.line(72, 690, f"{name}: The harbour at noon")
    assert found(sheet) == why


def test_a_sentence_about_a_figure_is_no_caption() -> None:
    sheet = plain()
    sheet.line(72, 700, "Figure 3 shows the harbour at noon, and the quay.")
    assert found(sheet) == []


def ending() -> Sheet:
    sheet = Sheet()
    sheet.prose(72, 90, 3)
    return sheet


TEXT = DocumentStyle(body_size=10, body_font="Body", pages=9)


def test_the_rest_of_a_text_leaves_no_doubt() -> None:
    assert found(ending(), style=TEXT) == []


@pytest.mark.parametrize(
    ("sheet", "style"),
    [
        (ending(), DocumentStyle(body_size=10, body_font="Body", pages=1)),  # all there is
        (ending(), DocumentStyle(body_size=16, body_font="Body", pages=9)),  # set otherwise
        (Sheet(792, 612), TEXT),  # a slide
        (Sheet(1700, 2400), TEXT),  # a poster
    ],
)
def test_little_else_leaves_a_doubt(sheet: Sheet, style: DocumentStyle) -> None:
    if not sheet.page.cells:
        sheet.prose(72, 90, 3)
    assert found(sheet, style=style) == ["little_text"]


def line(text: str, size: float = 10, top: float = 714, **style: Unpack[Style]) -> Sheet:
    sheet = plain()
    sheet.line(72, top, text, size, **style)
    return sheet


@pytest.mark.parametrize(
    "sheet",
    [
        line("Usage examples", 11),
        line("Usage examples", top=690, italic=True),
        line("Usage Examples Today", font="Sans"),
    ],
)
def test_a_line_set_as_headings_may_be_leaves_a_doubt(sheet: Sheet) -> None:
    assert found(sheet) == ["heading"]


def over_text(text: str, size: float = 10, top: float = 685, **style: Unpack[Style]) -> Sheet:
    sheet = line(text, size, top, **style)
    sheet.prose(72, 704, 3)
    return sheet


@pytest.mark.parametrize(
    "sheet",
    [
        over_text("For example:", italic=True),
        over_text("See the manual.", italic=True),
        over_text("of tides and gauges", bold=True),
        over_text("Tides://example", italic=True),
        over_text("Software", 8, bold=True),  # smaller than the text
        over_text("Usage examples", top=662, italic=True),  # right under text
    ],
)
def test_a_line_that_says_it_is_no_heading_leaves_none(sheet: Sheet) -> None:
    assert found(sheet) == []


def test_a_line_smaller_than_the_text_leaves_a_doubt_in_the_face_of_headings() -> None:
    face = (9.0, "Sans", False, False, False)
    for headings in ((), (face,)):
        style = DocumentStyle(body_size=10, body_font="Body", headings=headings, pages=1)
        assert found(line("Usage examples", 9, 690, font="Sans"), style=style) == ["heading"] * len(headings)


def test_two_lines_set_as_text_leave_no_doubt_and_bold_ones_do() -> None:
    for bold in (False, True):
        sheet = plain()
        lines = ("Usage Examples Of The Tide Tables And The", "Gauges")
        sheet.lines(72, 690, *lines, font="Sans", bold=bold)
        assert found(sheet) == ["heading"] * bold


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("F = k A", ["formula"]),
        ("<a id=x>", []),  # no sum, but a mark
        ("Tide = k A", []),  # a word: code perhaps, or a definition
        ("F k A B", []),
    ],
)
def test_a_line_with_a_relation_of_letters_leaves_a_doubt(text: str, why: list[Doubt]) -> None:
    sheet = plain()
    sheet.line(280, 675, text)
    assert [doubt for doubt in found(sheet) if doubt == "formula"] == why


def test_a_relation_right_under_text_leaves_no_doubt() -> None:
    sheet = plain()
    sheet.line(72, 662, "F = k A")
    assert "formula" not in found(sheet)


def test_authors_under_a_title_are_no_headings_whatever_a_detector_sees() -> None:
    sheet = Sheet()
    sheet.line(150, 60, "On Tides and Harbours", 20, bold=True)
    sheet.line(200, 110, "Institute Of Tides Norland", 11, font="Sans")
    for place in range(3):
        sheet.prose(72, 170 + 150 * place, 10)
    assert found(sheet) == []
    sheet.page.number = 2
    assert found(sheet) == ["heading"]


def test_a_thick_rule_across_the_text_leaves_no_doubt_and_a_narrow_bar_does() -> None:
    sheet = plain()
    sheet.page.shapes.append(Box(72, 60, 540, 64))
    assert found(sheet) == []
    for other in (Box(72, 70, 172, 74), Box(72, 690, 540, 700)):
        sheet.page.shapes[:] = [other]
        assert found(sheet) == ["drawing"]


@pytest.mark.parametrize(("sum_", "why"), [(True, []), (False, ["heading"])])
def test_the_limits_of_a_sum_leave_no_doubt_and_letters_over_text_do(sum_: bool, why: list[Doubt]) -> None:
    sheet = Sheet()
    sheet.prose(72, 90, 10)
    sheet.line(242, 240, "XN", font="LMMathExtension10-Regular")
    if sum_:
        sheet.line(200, 250.5, "L(x) = -", font="CMMI10")
        sheet.line(256, 250.5, "log p(x)", font="CMMI10")
    for place in range(2):
        sheet.prose(72, 274 + 150 * place, 10)
    assert found(sheet) == why
