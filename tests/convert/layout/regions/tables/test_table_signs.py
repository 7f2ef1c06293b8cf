"""Small signs of tables, and of what only looks like one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box
from tests.convert.layout.sheet import Sheet

SPARSE = [
    "Shift|Leader|Deputy|Hours",
    "Early|Olga||8",
    "||Piet|4",
    "Late||Rana|8",
    "|Wim||",
    "Night|Eva||9",
    "|||2",
]


def write(
    sheet: Sheet, rows: Sequence[str], xs: Sequence[float], *, top: float = 100, mono: bool = False
) -> None:
    for place, row in enumerate(rows):
        for x, text in zip(xs, row.split("|"), strict=False):
            if text:
                sheet.line(x, top + 18 * place, text, mono=mono)


def tables(sheet: Sheet, detections: Sequence[Detection] = ()) -> list[Box]:
    return [region.box for region in fuse(sheet.page, None, detections) if region.label == "table"]


@pytest.mark.parametrize("odd", [False, True])
def test_stripes_hold_a_table_together(odd: bool) -> None:
    sheet = Sheet()
    write(sheet, SPARSE, (60, 140, 220, 300))
    sheet.page.shapes += [Box(50, 95 + 18 * row, 360, 113 + 18 * row) for row in range(1 - odd, 7, 2)]
    [table] = tables(sheet)
    assert table.t <= 100
    assert table.b >= 100 + 6 * 18 + 9


def test_stripes_behind_lines_of_text_are_no_table() -> None:
    sheet = Sheet()
    for row in range(7):
        sheet.line(60, 100 + 18 * row, "the lines of this text are set on stripes that help to read them")
    sheet.page.shapes += [Box(50, 95 + 18 * row, 460, 113 + 18 * row) for row in range(0, 7, 2)]
    assert not tables(sheet)


@pytest.mark.parametrize("alone", [True, False])
def test_a_far_column_is_of_the_table_when_it_is_all_there_is(*, alone: bool) -> None:
    sheet = Sheet()
    rows = [f"{number:03d}|2024-05-{number:02d}|Firm {number}|{number}7.50" for number in range(10, 28)]
    write(sheet, ["No|Date|Firm|Sum", *rows], (60, 110, 210, 460))
    if not alone:
        sheet.line(520, 118, "beside")
    box = Box(55, 95, 260, 100 + 18 * 19)
    [table] = tables(sheet, [Detection("table", "table", 0.92, box)])
    assert (table.r > 450) == alone


@pytest.mark.parametrize("prompt", [True, False])
def test_a_listing_may_have_columns(*, prompt: bool) -> None:
    rows = [
        "router> show ports" if prompt else "ports",
        "Port|State|Rate",
        "1/1|up|1G",
        "1/2|down|0",
        "1/3|up|10G",
    ]
    sheet = Sheet()
    sheet.prose(60, 300, 14)
    write(sheet, rows, (60, 140, 220), mono=True)
    assert bool(tables(sheet)) != prompt


def test_a_column_of_long_pieces_that_is_in_step_with_figures() -> None:
    sheet = Sheet()
    rows = [
        f"0{number}.03.24|Payment to the works for gas and water of number 77|{number}12,50|{number},00"
        for number in range(1, 6)
    ]
    write(sheet, ["Date|What it was for|Debit|Balance", *rows], (50, 110, 420, 480))
    [table] = tables(sheet)
    assert table.l < 51
    assert table.r > 490


def test_such_a_column_beside_figures_of_which_some_are_missing() -> None:
    sheet = Sheet()
    rows = [
        f"0{number}.03.24|Payment to the works for gas and water of number 77|"
        + (f"{number}2,50|" if number % 2 else f"|{number},00")
        for number in range(1, 7)
    ]
    write(sheet, ["Date|What it was for|Debit|Credit", *rows], (50, 110, 420, 480))
    [table] = tables(sheet)
    assert table.l < 51
    assert table.r > 490


def test_lines_of_text_beside_figures_are_no_column() -> None:
    sheet = Sheet()
    for number in range(6):
        sheet.line(50, 100 + 18 * number, "and so the text of this page goes on from line to line")
        sheet.line(400, 100 + 18 * number, f"{number}7")
        sheet.line(460, 100 + 18 * number, f"{number}3")
    assert not any(table.l < 100 for table in tables(sheet))


@pytest.mark.parametrize(("second", "is_table"), [("-- the name of each", False), ("2 of 14 boats", True)])
def test_comments_beside_code_are_no_column(second: str, is_table: bool) -> None:
    sheet = Sheet()
    sheet.prose(72, 80, 5)
    for row in range(6):
        sheet.line(80, 200 + 11 * row, f"boat_{row}.name()", 9, font="Mono", mono=True)
        sheet.line(300, 200 + 11 * row, second, 9, font="Mono", mono=True)
    detected = [Detection("table", "table", 0.92, Box(78, 196, 420, 268))]
    assert ("table" in {region.label for region in fuse(sheet.page, None, detected)}) == is_table
