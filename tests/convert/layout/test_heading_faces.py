"""The faces in which a document sets its headings."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from tests.convert.layout.sheet import Sheet, Style

LOREM = "lorem ipsum dolores consectetur lorem ipsum dolores"


def labels(sheet: Sheet, size: float, font: str) -> list[str]:
    """What lines in that type are."""
    style = document_style([sheet.page])
    found = fuse(sheet.page, None, [], style)
    page = sheet.page
    first = {cell: page.words[line.first] for cell, line in enumerate(page.cells)}
    return [
        region.label
        for region in found
        if region.cells
        and first[region.cells[0]].size == size
        and page.fonts[first[region.cells[0]].font].name == font
    ]


@pytest.mark.parametrize(
    ("size", "style"),
    [(10.5, Style(font="Body")), (10, Style(font="Body-Italic", italic=True)), (10, Style(font="BodyCaps"))],
)
def test_short_lines_over_text_in_a_type_that_nothing_else_has(size: float, style: Style) -> None:
    sheet = Sheet()
    for number, title in enumerate(("Gauges", "Readings of a year", "What pilots need")):
        sheet.line(72, 60 + 90 * number, title, size, **style)
        sheet.prose(72, 75 + 90 * number, 5)
    assert labels(sheet, size, style["font"]) == ["section_header"] * 3


def test_capitals_in_the_type_of_the_text() -> None:
    sheet = Sheet()
    for number, title in enumerate(("WARM MORNINGS", "MEMORIES OF SUMMER STORMS", "WHAT MOST MEN WANT")):
        sheet.line(72, 60 + 90 * number, title)
        sheet.prose(72, 75 + 90 * number, 5)
    found = fuse(sheet.page, None, [], document_style([sheet.page]))
    assert [region.label for region in found].count("section_header") == 3


def test_a_type_that_most_often_stands_within_text_is_none() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 4)
    for number in range(4):
        y = 120 + 60 * number
        sheet.line(72, y, "Gauges", 10, font="Body-Italic", italic=True)
        sheet.prose(72, y + 15, 2)
        sheet.lines(72, y + 39, *[f"{LOREM} ipsum."] * 2, font="Body-Italic", italic=True)
    assert document_style([sheet.page]).headings == ()


def test_references_with_titles_in_italics_are_no_headings() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 10)
    for number in range(4):
        y = 190 + 40 * number
        first = sheet.line(72, y, "Brandt, E. (2014).")
        title = sheet.line(first.r + 3, y, "Gauges of the harbours in the north", font="Italic", italic=True)
        start = sheet.page.cells[-2]
        text = f"{start.text} {sheet.page.cells[-1].text}"
        sheet.page.cells[-2:] = [type(start)(text, first.union(title), start.first, 10)]
        sheet.line(90, y + 12, "In Tides of the inner sound and how to tell them (pp. 3-18). Norland.")
    style = document_style([sheet.page])
    assert style.headings == ()
    assert "section_header" not in {region.label for region in fuse(sheet.page, None, [], style)}


def test_running_text_in_two_sizes_is_no_heading() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 12, size=8)
    for number in range(5):
        sheet.line(72, 230 + 50 * number, f"Lorem ipsum {LOREM}", 9)
        sheet.line(72, 255 + 50 * number, "Dolores ipsum", 9)
    assert set(labels(sheet, 9, "Body")) == {"text"}
