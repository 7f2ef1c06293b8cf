"""Numbers that make a series over a document are those of sections, in whatever type."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from tests.convert.layout.sheet import Sheet

LOREM = " ".join(["ipsum dolores consectetur lorem"] * 3)
TITLES = ("Methods of the harbour office", "Gauges", "Readings of a year", "Storms", "What pilots need")


def headings(sheet: Sheet) -> list[str]:
    """The page's headings from top to bottom."""
    found = sorted(fuse(sheet.page, None, [], document_style([sheet.page])), key=lambda region: region.box.t)
    return [
        " ".join(sheet.page.cells[cell].text for cell in region.cells)
        for region in found
        if region.label == "section_header"
    ]


def paragraph(sheet: Sheet, y: float, count: int) -> None:
    """Full lines that begin with a capital."""
    sheet.line(72, y, f"Lorem {LOREM} ipsum")
    sheet.prose(72, y + 12, count - 1)


def sections(lines: Sequence[str], *, text: int = 4, space: float = 0) -> Sheet:
    """Lines in the type of the text, each over a paragraph and with `space` above it."""
    sheet, y = Sheet(), 60.0
    for line in lines:
        sheet.line(72, y, line)
        if text:
            paragraph(sheet, y + 12, text)
        y += 12 * (1 + text) + space
    return sheet


@pytest.mark.parametrize(
    "numbers",
    [
        ("1", "2", "3", "4", "5"),
        ("1", "1.1", "1.2", "2", "2.1"),
        ("1.", "1.1.", "1.2.", "2.", "2.1."),
        ("4.3", "4.3.1", "4.3.2", "4.4", "4.5"),
        ("A.1", "A.1.1", "A.1.2", "A.2", "A.3"),
        ("Chapter 1:", "Chapter 2:", "Chapter 3:", "Chapter 4:", "Chapter 5:"),
    ],
)
def test_numbered_headings_in_the_type_of_the_text(numbers: Sequence[str]) -> None:
    lines = [f"{number} {title}" for number, title in zip(numbers, TITLES, strict=True)]
    assert headings(sections(lines, space=8)) == lines


def test_a_heading_of_two_lines() -> None:
    sheet = sections(["1 Gauges", "2 Readings"], space=8)
    title = "3 What Pilots of the Inner Sound Who Bring Ships in All Weathers Need to", "Know of Tides"
    sheet.lines(72, 200, *title)
    paragraph(sheet, 230, 5)
    assert headings(sheet) == ["1 Gauges", "2 Readings", " ".join(title)]


class TestOthers:
    """Numbered lines that are no headings."""

    def test_items_of_a_list(self) -> None:
        lines = [f"{number}. {title}" for number, title in enumerate(TITLES, 1)]
        assert headings(sections(lines, text=0)) == []

    def test_items_of_several_lines(self) -> None:
        sheet, y = Sheet(), 60.0
        for number in range(1, 6):
            sheet.lines(
                72, y, f"{number}. Lorem ipsum dolores consectetur lorem ipsum dolores", "lorem ipsum."
            )
            y += 30
        assert headings(sheet) == []

    def test_lines_without_a_number_before_them(self) -> None:
        lines = [f"{number} {title}" for number, title in zip((1, 5, 2, 7, 4), TITLES, strict=True)]
        assert headings(sections(lines)) == []

    def test_running_heads(self) -> None:
        pages = []
        for number in range(1, 7):
            sheet = Sheet()
            sheet.page.number = number
            section = (number + 1) // 2
            sheet.line(72, 40, f"{section} {TITLES[section]}")
            if number % 2:
                sheet.line(72, 200, f"{section} {TITLES[section]}")
            paragraph(sheet, 212, 8)
            pages.append(sheet.page)
        sections = document_style(pages).sections
        assert {
            page: [pages[page - 1].cells[cell].box.t for cell in cells] for page, cells in sections.items()
        } == {
            1: [200],
            3: [200],
            5: [200],
        }

    def test_affiliations(self) -> None:
        sheet = Sheet()
        sheet.line(72, 60, "Tides of the Inner Sound", 20, bold=True)
        for number, place in enumerate(("Harbour Office", "School of Tides", "Gauge Museum"), 1):
            sheet.line(72, 80 + 12 * number, f"{number} {place}")
        sheet.prose(72, 150, 8)
        assert headings(sheet) == ["Tides of the Inner Sound"]
