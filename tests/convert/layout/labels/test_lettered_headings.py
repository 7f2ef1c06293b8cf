"""Headings as IEEE's and APS's classes number them, and lists that have such numbers too."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.text_rows import text_rows
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.labels.lettered_headings import heads_section
from docmill.pipeline.convert.layout.style import DocumentStyle
from tests.convert.layout.sheet import Sheet


def labels(sheet: Sheet) -> dict[str, str]:
    """The label of each region by its first line."""
    return {sheet.page.cells[region.cells[0]].text: region.label for region in fuse(sheet.page, None, [])}


def two_columns(sheet: Sheet) -> None:
    sheet.prose(320, 60, 30, words=6)
    sheet.prose(72, 60, 8, words=6)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("B. Related Work", {"italic": True, "font": "Body-Italic"}),
        ("C. Data", {"bold": True, "font": "Body-Bold"}),
        ("IV. RESULTS", {}),
    ],
)
def test_a_lettered_line_in_another_type_heads_its_section(text: str, style: dict[str, bool | str]) -> None:
    sheet = Sheet()
    two_columns(sheet)
    sheet.line(72, 170, text, size=9, **style)  # type: ignore[arg-type]  # keywords of `line`
    sheet.prose(72, 184, 8, words=6)
    assert labels(sheet)[text] == "section_header"


def test_a_roman_number_in_the_middle_heads_its_section_whatever_its_type() -> None:
    sheet = Sheet()
    two_columns(sheet)
    sheet.line(118, 168, "II. Support of Terminals")
    sheet.prose(72, 184, 8, words=6)
    assert labels(sheet)["II. Support of Terminals"] == "section_header"


def test_a_heading_ends_before_an_indented_text_in_plain_type() -> None:
    sheet = Sheet()
    two_columns(sheet)
    sheet.line(72, 170, "D. Bisect And View", italic=True, font="Body-Italic")
    sheet.line(86, 182, "To see the suspects that")
    sheet.prose(72, 194, 8, words=6)
    assert labels(sheet)["D. Bisect And View"] == "section_header"


def test_an_item_has_an_item_like_it_under_it() -> None:
    sheet = Sheet()
    for number, letter in enumerate("ABC"):
        sheet.line(72, 170 + 14 * number, f"{letter}. Bring the Tools", italic=True, font="Body-Italic")
    one, two, three = (Block.of([row]) for row in text_rows(sheet.page, None))
    style = DocumentStyle(body_size=10.0, body_font="Body")
    assert not heads_section(one, style, two)
    assert heads_section(three, style, None)


def test_items_in_the_type_of_the_text_stay_as_they_are() -> None:
    sheet = Sheet()
    two_columns(sheet)
    for number, letter in enumerate("DEF"):
        sheet.line(72, 240 + 14 * number, f"{letter}. Bring the seeds along.")
    assert "section_header" not in labels(sheet).values()


def test_an_initial_is_no_number() -> None:
    sheet = Sheet()
    two_columns(sheet)
    sheet.line(72, 170, "A. Miller and B. Smith have told us more of it than others who were there.")
    sheet.prose(72, 194, 8, words=6)
    assert "section_header" not in labels(sheet).values()
