"""Figures that are whole without a detector, and those of which a part may be missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from docmill.pipeline.convert.layout.sure.figures import sure_figures
from docmill.pipeline.convert.types import Box
from tests.convert.layout.sheet import Sheet
from tests.convert.layout.sure.drawn import figure


def test_a_drawing_over_its_caption_is_sure() -> None:
    sheet, picture, caption = figure()
    sheet.prose(100, 140, 4)
    sheet.prose(100, 340, 4)
    assert sure_figures(sheet.page, [picture, caption]) == [(picture, caption)]


@pytest.mark.parametrize(
    ("text", "gap", "score"),
    [
        pytest.param("Table 2: Tides of the year", 10, 0.8, id="the caption of a table"),
        pytest.param("Tides of the year", 10, 0.8, id="no number"),
        pytest.param("Figure 2: Tides of the year", 60, 0.8, id="too far below"),
        pytest.param("Figure 2: Tides of the year", 10, 0.9, id="a bitmap"),
    ],
)
def test_without_a_caption_of_its_own_it_is_not(text: str, gap: float, score: float) -> None:
    sheet, picture, caption = figure(text, gap, score)
    assert sure_figures(sheet.page, [picture, caption]) == []


def beneath(sheet: Sheet) -> None:
    sheet.line(220, 300, "Time of the day after which all ships may leave the harbour", 5)


def beside(sheet: Sheet) -> None:
    sheet.line(370, 250, "Noon", 8)


def turned(sheet: Sheet) -> None:
    sheet.line(92, 250, "Height of the water over the harbour gate in feet", 8, angle=90)
    cell = sheet.page.cells.pop()
    box = Box(92, 210, 100, 290)
    sheet.page.cells.append(type(cell)(cell.text, box, cell.first, cell.count))


def text_in_it(sheet: Sheet) -> None:
    sheet.lines(110, 215, *["when the tide is low at noon the quay is dry"] * 2, size=8)


def rules_alone(sheet: Sheet) -> None:
    sheet.page.shapes.clear()


@pytest.mark.parametrize("add", [beneath, beside, turned, text_in_it, rules_alone])
def test_a_figure_of_which_a_part_may_be_missing_is_not(add: Callable[[Sheet], None]) -> None:
    sheet, picture, caption = figure(gap=14)
    assert sure_figures(sheet.page, [picture, caption]) == [(picture, caption)]
    add(sheet)
    assert sure_figures(sheet.page, [picture, caption]) == []
