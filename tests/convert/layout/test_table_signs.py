"""Rules and lines that may be a table's, and those of a page of text."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.table_signs import baselines, has_columns, is_ruled
from docmill.pipeline.convert.types import TextCell
from tests.convert.layout.sheet import Sheet


def stacked(*widths: tuple[float, float], columns: int = 2) -> Sheet:
    """Rules under one another, and lines of several pieces between them."""
    sheet = Sheet()
    for at, (left, right) in enumerate(widths):
        sheet.rule(left, 100 + 40 * at, right, 100 + 40 * at)
        for column in range(columns):
            sheet.line(80 + 100 * column, 115 + 40 * at, "Ebb")
    return sheet


def framed(xs: tuple[float, ...], *, closed: bool) -> Sheet:
    """Upright rules, closed by rules above and below or not."""
    sheet = Sheet()
    for x in xs:
        sheet.rule(x, 100, x, 200)
    for y in (100, 200) if closed else ():
        sheet.rule(xs[0], y, xs[-1], y)
    return sheet


def test_rules_of_one_width_with_columns_between_them_are_a_sign() -> None:
    assert is_ruled(stacked((72, 400), (72, 400), (72, 400)).page)


def test_rules_of_several_widths_are_none() -> None:
    """Underlined words, a running head, a footnote."""
    assert not is_ruled(stacked((72, 540), (80, 130), (200, 310), (72, 200)).page)


def test_rules_over_and_under_listings_are_none() -> None:
    assert not is_ruled(stacked((72, 400), (72, 400), (72, 400), (72, 400), columns=1).page)


def test_a_rule_drawn_twice_is_one() -> None:
    assert not is_ruled(stacked((72, 400), (72, 400)).page)
    sheet = stacked((72, 400), (72, 400))
    sheet.rule(72, 101.5, 400, 101.5)
    assert not is_ruled(sheet.page)


def test_rules_drawn_cell_by_cell_are_as_wide_as_all_of_it() -> None:
    sheet = stacked((72, 400), (72, 400))
    sheet.rule(72, 180, 230, 180)
    assert not is_ruled(sheet.page)
    sheet.rule(231, 180, 400, 180)
    assert is_ruled(sheet.page)


@pytest.mark.parametrize(("closed", "columns"), [(True, 1), (False, 1), (False, 2)])
def test_two_sides_are_a_sign_where_columns_stand_between_them(closed: bool, columns: int) -> None:
    sheet = framed((100, 400), closed=closed)
    for row in range(3):
        for column in range(columns):
            sheet.line(110 + 120 * column, 110 + 20 * row, "at noon")
    assert is_ruled(sheet.page) == (columns > 1)


def test_a_page_of_very_many_pieces_is_judged_by_its_rules_alone() -> None:
    sheet = stacked((72, 540), (72, 300), (72, 200))
    assert not is_ruled(sheet.page)
    sheet.page.cells *= 600
    assert is_ruled(sheet.page)


def test_sides_drawn_line_by_line_are_two() -> None:
    sheet = Sheet()
    for row in range(6):
        for x in (100, 400):
            sheet.rule(x, 100 + 12 * row, x, 112 + 12 * row)
        sheet.line(110, 101 + 12 * row, "while tide.rises():")
    assert not is_ruled(sheet.page)


def test_a_rule_between_pieces_and_a_third_upright_rule_are_signs() -> None:
    beside = framed((200, 300), closed=False)
    for left in (150, 220):
        beside.line(left, 140, "noon")
    assert is_ruled(beside.page)
    assert is_ruled(framed((100, 200, 300), closed=True).page)


@pytest.mark.parametrize(
    ("pieces", "lines", "found"), [(3, 2, True), (3, 1, False), (2, 3, True), (2, 2, False)]
)
def test_several_lines_of_several_short_pieces_are_columns(pieces: int, lines: int, found: bool) -> None:
    sheet = Sheet()
    for row in range(lines):
        for piece in range(pieces):
            sheet.line(72 + 170 * piece, 100 + 14 * row, "Ebb and flow")
    assert has_columns(sheet.page) == found


def test_cells_of_one_baseline_are_together() -> None:
    sheet = Sheet()
    for left, top in ((72, 100), (300, 102), (72, 114)):
        sheet.line(left, top, "Ebb")
    cells: list[TextCell] = sheet.page.cells
    assert list(baselines(reversed(cells))) == [[cells[0], cells[1]], [cells[2]]]
