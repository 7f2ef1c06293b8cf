"""Tables of contents whose page numbers stand before the titles, and lists that only look like them."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.blocks.text_rows import text_rows
from docmill.pipeline.convert.layout.regions.indexes import aligned_indexes, leader_indexes
from docmill.pipeline.convert.types import Box
from tests.convert.layout.sheet import Sheet

TITLES = (
    "About this guide",
    "Introduction to print",
    "Making and viewing",
    "Importing files",
    "Building pages",
    "Saving and sending",
    "Printing",
    "At the print shop",
)


def indexes(numbers: list[int], *, gap: float, leading: float) -> int:
    sheet = Sheet()
    for place, (number, title) in enumerate(zip(numbers, TITLES, strict=True)):
        sheet.line(72, 120 + leading * place, str(number))
        sheet.line(72 + gap, 120 + leading * place, title)
    return len(aligned_indexes(text_rows(sheet.page, None)))


@pytest.mark.parametrize("gap", [30, 60, 200])
@pytest.mark.parametrize("leading", [14, 24, 34])
def test_numbers_before_titles(gap: float, leading: float) -> None:
    assert indexes([1, 2, 6, 15, 18, 23, 27, 31], gap=gap, leading=leading) == 1


def test_numbers_of_items_are_no_pages() -> None:
    assert indexes([1, 2, 3, 4, 5, 6, 7, 8], gap=40, leading=20) == 0


def test_numbers_that_fall_are_no_pages() -> None:
    assert indexes([31, 27, 23, 18, 15, 6, 2, 1], gap=40, leading=20) == 0


def contents(head: str, count: int, *, beside: bool, figures: bool = False) -> list[Box]:
    """The regions found on a page with so many titles and the pages behind them, under a heading."""
    sheet = Sheet()
    sheet.line(72, 90, head)
    for place, (page, title) in enumerate(zip((1, 4, 6, 6, 9, 12, 15, 21), TITLES, strict=True)):
        if place < count:
            sheet.line(72, 120 + 14 * place, title)
            sheet.line(290 - 5 * len(str(page)), 120 + 14 * place, str(page))
            if figures:
                sheet.line(310, 120 + 14 * place, str(100 + page))
        if beside:
            sheet.line(320, 120 + 14 * place, "a column of running text beside the contents")
    return [found.box for found in aligned_indexes(text_rows(sheet.page, None))]


@pytest.mark.parametrize(
    ("head", "count", "beside"),
    [
        ("Contents", 3, False),
        ("Contents", 3, True),
        ("Inhaltsverzeichnis", 5, True),
        ("Our year", 7, False),
    ],
)
def test_pages_behind_titles_in_their_own_column(head: str, count: int, *, beside: bool) -> None:
    [box] = contents(head, count, beside=beside)
    assert box.r < 300
    assert box.b < 120 + 14 * count + 2


@pytest.mark.parametrize(
    ("head", "count", "figures"), [("Our year", 5, False), ("Contents", 6, True), ("Our year", 8, True)]
)
def test_rows_that_are_no_contents(head: str, count: int, *, figures: bool) -> None:
    assert contents(head, count, beside=False, figures=figures) == []


@pytest.mark.parametrize("gap", [30, 90])
def test_numbers_flush_right_before_titles(gap: float) -> None:
    sheet = Sheet()
    for place, (number, title) in enumerate(zip((3, 5, 12, 19, 27, 104, 130, 151), TITLES, strict=True)):
        sheet.line(90 - 5 * len(str(number)), 120 + 30 * place, str(number))
        sheet.line(90 + gap, 120 + 30 * place, title)
    [found] = aligned_indexes(text_rows(sheet.page, None))
    assert found.box.t == 120
    assert found.box.b > 120 + 7 * 30


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("ends", "label"),
    [
        (("1", "7", "15", "23"), "document_index"),
        (("1,200", "340", "88", "2,143"), "table"),
        (("12.50", "3.40", "8.80", "21.43"), "table"),
        (("88 €", "340 €", "12 €", "9 €"), "table"),
    ],
)
def test_dots_lead_to_pages_or_to_figures(ends: tuple[str, ...], label: str, *, apart: bool) -> None:
    sheet = Sheet()
    sheet.line(60, 100, "Item", bold=True)
    sheet.line(310, 100, "Sum", bold=True)
    for place, (title, end) in enumerate(zip(TITLES, ends, strict=False)):
        y = 116 + 14 * place
        dots = f"{title} {'.' * (80 - 2 * len(title))}"
        if apart:
            sheet.line(60, y, dots)
            sheet.line(310, y, end)
        else:
            sheet.line(60, y, f"{dots} {end}")
    [found] = leader_indexes(text_rows(sheet.page, None))
    assert found.label == label
    assert (found.box.t == 100) == (label == "table" and apart)


@pytest.mark.parametrize(("bold", "top"), [(True, 100), (False, 116)])
def test_one_head_over_the_figures(bold: bool, top: float) -> None:
    sheet = Sheet()
    sheet.line(295, 100, "2018", bold=bold)
    for place, title in enumerate(TITLES[:5]):
        dots = f"{title} {'.' * (70 - 2 * len(title))}"
        sheet.line(60, 116 + 14 * place, dots)
        sheet.line(290, 116 + 14 * place, f"{place}1,00")
    [found] = leader_indexes(text_rows(sheet.page, None))
    assert (found.label, found.box.t) == ("table", top)
