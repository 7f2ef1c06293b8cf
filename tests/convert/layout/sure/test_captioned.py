"""Tables without rules that their captions make sure, and those of which more may be beside them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from docmill.pipeline.convert.layout.sure.captioned import captioned_tables
from docmill.pipeline.convert.types import Box, Cluster
from tests.convert.layout.sheet import Sheet
from tests.convert.layout.sure.drawn import region, table


def captioned(text: str = "Table 3: Tides of the week", y: float = 285) -> tuple[Sheet, Cluster]:
    sheet, found = table(rules=())
    sheet.line(100, y, text)
    return sheet, found


def test_columns_under_or_over_a_caption_are_sure() -> None:
    for y in (285, 365):
        sheet, found = captioned(y=y)
        assert captioned_tables(sheet.page, [found]) == [found]


def test_a_caption_of_several_lines_is_near_with_its_last() -> None:
    sheet, found = captioned(y=240)
    assert captioned_tables(sheet.page, [found]) == []
    whole = region("caption", Box(100, 240, 400, 290))
    assert captioned_tables(sheet.page, [found, whole]) == [found]


@pytest.mark.parametrize(
    ("text", "y"),
    [("Figure 3: Tides of the week", 285), ("Tides of the week", 285), ("Table 3: Tides", 240)],
)
def test_without_a_caption_near_to_it_a_table_is_not(text: str, y: float) -> None:
    sheet, found = captioned(text, y)
    assert captioned_tables(sheet.page, [found]) == []


def another_caption(sheet: Sheet) -> None:
    sheet.line(110, 331, "Table 4: More")


def a_further_column(sheet: Sheet) -> None:
    sheet.line(408, 318, "Noon")


def lines_of_text(sheet: Sheet) -> None:
    sheet.lines(104, 310, *["when the tide is low at noon all is dry"] * 3)


def single_pieces(sheet: Sheet) -> None:
    del sheet.page.cells[3:12]
    sheet.lines(104, 318, *["Flow"] * 3)


@pytest.mark.parametrize("add", [another_caption, a_further_column, lines_of_text, single_pieces])
def test_a_table_that_may_be_another_is_not(add: Callable[[Sheet], None]) -> None:
    sheet, found = captioned()
    add(sheet)
    assert captioned_tables(sheet.page, [found]) == []


def test_text_in_the_next_column_is_no_part_of_a_table() -> None:
    sheet, found = captioned()
    sheet.line(412, 318, "the quay is dry for two hours")
    assert captioned_tables(sheet.page, [found]) == [found]
