"""Bookmarks name headings, however those are set."""

from __future__ import annotations

import msgspec
import pytest

from docmill.pipeline.convert.layout.bookmarks import titles_by_page
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.types import OutlineEntry
from tests.convert.layout.sheet import Sheet


def headings(sheet: Sheet, *titles: str, page: int = 1) -> list[str]:
    """The page's headings from top to bottom, where bookmarks with these titles lead to `page`."""
    outline = [OutlineEntry(title, 1, page) for title in titles]
    style = msgspec.structs.replace(document_style([sheet.page]), bookmarks=titles_by_page(outline))
    found = sorted(fuse(sheet.page, None, [], style), key=lambda region: region.box.t)
    return [
        " ".join(sheet.page.cells[cell].text for cell in region.cells)
        for region in found
        if region.label == "section_header"
    ]


def plain(*lines: str, gap: float = 12) -> Sheet:
    """Lines in the type of the text between two paragraphs, without white space."""
    sheet = Sheet()
    sheet.prose(72, 60, 4)
    sheet.lines(72, 108, *lines)
    sheet.prose(72, 108 + 12 * len(lines) + gap - 12, 5)
    return sheet


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("How tides are told", "How tides are told"),
        ("3 How tides are told", "How tides are told"),
        ("How tides are told", "3. How tides are told"),
        ("HOW TIDES ARE TOLD", "How Tides are Told"),
        ("- How tides are told", "How tides are told"),
    ],
)
def test_a_line_with_the_words_of_a_bookmark_is_a_heading(line: str, title: str) -> None:
    assert headings(plain(line), title) == [line]
    assert headings(plain(line), "Another title") == []


def test_a_title_of_several_lines() -> None:
    lines = ("How the tides of the inner sound", "are told from those of the sea")
    assert headings(plain(*lines), " ".join(lines)) == [" ".join(lines)]


def test_two_titles_one_under_the_other() -> None:
    assert headings(plain("Tides", "How tides are told"), "Tides", "How tides are told") == [
        "Tides",
        "How tides are told",
    ]


@pytest.mark.parametrize(
    "line", ["How tides are told is a question.", "Of how tides are told", "How tides are"]
)
def test_a_line_that_has_other_words_is_none(line: str) -> None:
    assert headings(plain(line), "How tides are told") == []


def test_a_bookmark_of_another_page_says_nothing() -> None:
    assert headings(plain("How tides are told"), "How tides are told", page=2) == []


def test_of_two_lines_the_more_prominent_is_the_heading() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 4)
    sheet.line(72, 120, "• Tides")
    sheet.prose(72, 150, 4)
    sheet.line(72, 210, "Tides")
    sheet.prose(72, 222, 4)
    assert headings(sheet, "Tides") == ["Tides"]


def test_figures_and_tables_in_bookmarks_are_no_headings() -> None:
    assert titles_by_page([OutlineEntry("Figure 3: Tides", 1, 2), OutlineEntry("Tides", 1, None)]) == {}
