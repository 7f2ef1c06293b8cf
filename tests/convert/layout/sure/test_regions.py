"""What is left of a page beside what is sure, and which pages it can leave without a doubt."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.sure.regions import beside_sure_regions, may_be_settled
from docmill.pipeline.convert.types import Box
from tests.convert.layout.sheet import Sheet
from tests.convert.layout.sure.drawn import figure, region, table


def test_beside_a_sure_table_are_neither_its_drawings_nor_its_caption() -> None:
    sheet, found = table()
    caption = sheet.line(100, 286, "Table 3: Tides of the week")
    figure = sheet.line(100, 120, "Table 4: Tides of the year")
    sheet.page.shapes += [Box(100, 300, 400, 315), Box(100, 600, 200, 700)]
    sheet.rule(72, 700, 200, 700)
    regions = [found, region("caption", caption), region("caption", figure)]
    rest, others = beside_sure_regions(sheet.page, regions)
    assert [cell.text for cell in rest.cells] == ["Table 4: Tides of the year"]
    assert rest.shapes == [Box(100, 600, 200, 700)]
    assert [rule.y0 for rule in rest.rulings] == [700]
    assert others == [regions[2]]


def test_a_page_without_sure_regions_stays_as_it_is() -> None:
    sheet, found = table(rules=(15,))
    assert beside_sure_regions(sheet.page, [found]) == (sheet.page, [found])


@pytest.mark.parametrize("comments", [1, 5])
def test_comments_beside_some_lines_of_code_are_no_columns(comments: int) -> None:
    sheet = Sheet()
    for row in range(6):
        sheet.line(72, 100 + 12 * row, "tide.rise()", mono=True)
        if row < comments:
            sheet.line(300, 100 + 12 * row, "// at noon", mono=True)
    rest, _ = beside_sure_regions(sheet.page, [region("code", Box(70, 98, 420, 172), 0.9)])
    assert (rest.cells == []) == (comments == 1)


def test_beside_a_sure_figure_are_neither_its_drawings_nor_its_words_nor_its_caption() -> None:
    sheet, picture, caption = figure()
    sheet.rule(110, 290, 360, 290)
    sheet.page.shapes.append(Box(100, 600, 200, 700))
    sheet.line(100, 120, "What comes is gone at noon.")
    rest, others = beside_sure_regions(sheet.page, [picture, caption])
    assert [cell.text for cell in rest.cells] == ["What comes is gone at noon."]
    assert rest.shapes == [Box(100, 600, 200, 700)]
    assert rest.rulings == []
    assert others == []


@pytest.mark.parametrize(("label", "left"), [("formula", 0), ("text", 3)])
def test_pieces_of_a_formula_are_no_columns(label: str, left: int) -> None:
    sheet = Sheet()
    for x in (100, 200, 300):
        sheet.line(x, 100, "x = y")
    rest, _ = beside_sure_regions(sheet.page, [region(label, Box(98, 98, 340, 112))])
    assert len(rest.cells) == left


def test_names_over_an_abstract_are_no_columns() -> None:
    sheet = Sheet()
    for x in (100, 200, 300):
        sheet.line(x, 100, "A. Author")
    sheet.line(280, 140, "Abstract")
    rest, _ = beside_sure_regions(sheet.page, [region("text", Box(98, 98, 350, 112))])
    assert [cell.text for cell in rest.cells] == ["Abstract"]


@pytest.mark.parametrize(
    ("doubts", "line", "found"),
    [
        (["rulings", "caption"], "", True),
        (["columns", "drawing"], "", True),
        (["caption"], "", False),
        (["drawing"], "", False),
        (["drawing"], "Figure 3: Tides", True),
        (["rulings", "bitmaps"], "Figure 3: Tides", False),
    ],
)
def test_doubts_that_may_be_settled_have_a_sign_of_one(doubts: list[str], line: str, found: bool) -> None:
    sheet = Sheet()
    if line:
        sheet.line(100, 100, line)
    assert may_be_settled(doubts, sheet.page) == found
