"""Tables whose extent is known without a detector."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from docmill.pipeline.convert.layout.sure.tables import sure_tables
from docmill.pipeline.convert.types import Box, Cluster
from tests.convert.layout.sheet import Sheet
from tests.convert.layout.sure.drawn import region, table


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
