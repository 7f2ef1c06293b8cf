"""Tables whose extent is known without a detector, and what is left of a page beside them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from docmill.pipeline.convert.layout.sure_regions import (
    beside_sure_regions,
    may_be_of_tables,
    sure_tables,
)
from docmill.pipeline.convert.types import Box, Cluster
from tests.convert.layout.sheet import Sheet


def table(
    top: float = 300, rules: tuple[float, ...] = (0, 15, 60), left: float = 100
) -> tuple[Sheet, Cluster]:
    """Rules, and four lines in three columns from `left` on."""
    sheet = Sheet()
    for y in rules:
        sheet.rule(100, top + y, 400, top + y)
    for row in range(4):
        for column in range(3):
            sheet.line(left + 4 + 100 * column, top + 3 + 15 * row, "Ebb")
    return sheet, region("table", Box(100, top, 400, top + 60))


def region(label: str, box: Box, score: float = 0.75) -> Cluster:
    return Cluster(id=0, label=label, score=score, box=box, source="geometry")


def test_a_table_between_rules_is_sure() -> None:
    sheet, found = table()
    assert sure_tables(sheet.page, [found]) == [found]


@pytest.mark.parametrize("rules", [(15, 60), (0, 15), (0, 15, 45)])
def test_a_table_with_lines_beyond_its_rules_is_not(rules: tuple[float, ...]) -> None:
    sheet, found = table(rules=rules)
    assert sure_tables(sheet.page, [found]) == []


def test_rules_need_to_be_as_wide_as_the_words_at_them() -> None:
    sheet, found = table(rules=(15, 60))
    sheet.rule(200, 300, 400, 300)  # not over the first of three heads
    assert sure_tables(sheet.page, [found]) == []
    del sheet.page.words[0]
    assert sure_tables(sheet.page, [found]) == [found]


def heads(sheet: Sheet) -> list[Cluster]:
    for left in (204, 304):
        sheet.line(left, 285, "Flow")
    return []


def total(sheet: Sheet) -> list[Cluster]:
    for left in (104, 304):
        sheet.line(left, 366, "Total")
    return []


def further(_: Sheet) -> list[Cluster]:
    return [region("table", Box(110, 370, 390, 420))]


@pytest.mark.parametrize("add", [heads, total, further])
def test_a_table_that_may_go_on_is_not(add: Callable[[Sheet], list[Cluster]]) -> None:
    sheet, found = table()
    assert found not in sure_tables(sheet.page, [found, *add(sheet)])


def test_text_a_raised_figure_and_a_table_far_below_do_not_go_on() -> None:
    sheet, found = table()
    sheet.line(100, 286, "Table 3: Tides of the week")
    sheet.line(112, 362, "2", 6)
    sheet.line(105, 364, "p < 0.005")
    assert sure_tables(sheet.page, [found, region("table", Box(100, 480, 400, 540))]) == [found]


def test_a_table_that_only_alignment_shows_is_not_and_one_with_leaders_is() -> None:
    sheet, found = table()
    assert sure_tables(sheet.page, [region("table", found.box, 0.6)]) == []
    contents = region("document_index", Box(72, 100, 540, 200), 0.9)
    assert sure_tables(sheet.page, [contents]) == [contents]


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


@pytest.mark.parametrize(
    ("doubts", "found"),
    [
        (["rulings", "caption"], True),
        (["columns", "drawing"], True),
        (["caption"], False),
        (["rulings", "bitmaps"], False),
    ],
)
def test_doubts_that_may_be_of_tables_have_a_sign_of_one(doubts: list[str], found: bool) -> None:
    assert may_be_of_tables(doubts) == found
