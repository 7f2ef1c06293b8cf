"""Names over an abstract are no table, whatever stands side by side there."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.sure.front_lines import front_lines
from docmill.pipeline.convert.types import Box
from tests.convert.layout.sheet import Sheet
from tests.convert.layout.sure.drawn import region

NAMES = region("text", Box(100, 100, 400, 130))


def paper(heading: str = "Abstract", y: float = 200) -> Sheet:
    sheet = Sheet()
    sheet.line(280, y, heading)
    return sheet


@pytest.mark.parametrize("heading", ["Abstract", "ABSTRACT. We say", "Zusammenfassung"])
def test_what_is_over_an_abstract(heading: str) -> None:
    below = region("text", Box(100, 220, 400, 400))
    assert front_lines(paper(heading).page, [NAMES, below]) == [NAMES.box.padded(1.0)]


def test_without_an_abstract_near_the_top_of_a_first_page_there_is_none() -> None:
    later = paper()
    later.page.number = 2
    for sheet in (later, paper("Abstracted from life"), paper(y=700)):
        assert front_lines(sheet.page, [NAMES]) == []


def test_a_table_over_an_abstract_leaves_the_names_in_doubt() -> None:
    assert front_lines(paper().page, [NAMES, region("table", Box(100, 140, 400, 190))]) == []
