"""Tables of which little is drawn, and text that stands between rules and backgrounds as they do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box, TextCell
from tests.convert.layout.sheet import Sheet, seen

STAFF = [
    "Name|Position|Place|Room",
    "Anna Miller|Head of|School of|349",
    "|laboratory|Engineering|",
    "Oleg Sand|Accountant|Institute for|220",
    "||Statistics|",
    "Li Brook|Librarian|College of|17",
    "||Music|",
]
STATES = ["Key|Value", "Status|Base", "Module|core"]
LEFT, RIGHT = 60, 280  # of a column of text


def set_table(sheet: Sheet, y: float, lines: Sequence[str], xs: Sequence[float], *, bold: bool = True) -> Box:
    """Lines of cells parted by `|`, 14 points apart; the first is bold."""
    boxes = [
        sheet.line(x, y + 14 * number, text, bold=bold and not number)
        for number, line in enumerate(lines)
        for x, text in zip(xs, line.split("|"), strict=True)
        if text
    ]
    return hull(boxes)


def columns_page() -> Sheet:
    """A page of two columns of text, with room in the left one from 240 to 400."""
    sheet = Sheet()
    sheet.prose(LEFT, 80, 12, words=6)
    sheet.prose(LEFT, 440, 20, words=6)
    sheet.prose(320, 80, 48, words=6)
    return sheet


def tables(sheet: Sheet, *detections: Box) -> list[Box]:
    """The boxes of the page's tables, from the top."""
    found = fuse(sheet.page, None, [seen("table", box) for box in detections])
    return sorted((one.box for one in found if one.label == "table"), key=lambda box: box.t)


def matches(found: Sequence[Box], *wanted: Box) -> bool:
    """True when there are as many tables as wanted, each around the text of one and a little more."""
    return len(found) == len(wanted) and all(
        two.inside(one) > 0.99 and one.height < two.height + 24
        for one, two in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("stripes", [(1,), (1, 5), (0,)], ids=["one row", "every other row", "the heads"])
def test_backgrounds_of_rows_make_a_table_in_a_column_of_text(stripes: Sequence[int]) -> None:
    sheet = columns_page()
    box = set_table(sheet, 260, STAFF, (64, 124, 184, 252))
    for row in stripes:
        high = 14 if row == 0 else 28
        sheet.page.shapes.append(Box(LEFT, 257 + 14 * row, RIGHT, 257 + 14 * row + high))
    assert matches(tables(sheet), box)


@pytest.mark.parametrize("rules", [(272,), (256, 272, 358)], ids=["under the heads", "three"])
def test_rules_with_wrapped_cells_between(rules: Sequence[float]) -> None:
    sheet = columns_page()
    box = set_table(sheet, 260, STAFF, (64, 124, 184, 252))
    for y in rules:
        sheet.rule(LEFT, y, RIGHT, y)
    assert matches(tables(sheet), box)


def test_three_lines_with_a_rule_under_the_first() -> None:
    sheet = columns_page()
    box = set_table(sheet, 300, STATES, (64, 160))
    sheet.rule(LEFT, 312, RIGHT, 312)
    assert matches(tables(sheet), box)


def test_the_rows_that_a_detection_left_out() -> None:
    sheet = columns_page()
    box = set_table(sheet, 260, STAFF, (64, 124, 184, 252))
    for y in (256, 272, 301, 329, 358):
        sheet.rule(LEFT, y, RIGHT, y)
    assert matches(tables(sheet, Box(58, 285, 284, 330)), box)


def test_cells_that_stand_close() -> None:
    """The gap is narrower than what parts lines of text, but wider than a space."""
    sheet = columns_page()
    top = sheet.line(64, 300, "Description")
    sheet.line(top.r + 7, 300, "Server module")
    for y, name, value in ((314, "Status of it", "Base"), (328, "Module of it", "core")):
        sheet.line(64, y, name)
        sheet.line(top.r + 7, y, value)
    cells = sheet.page.cells[-6:]
    sheet.page.cells[-6:] = [
        TextCell(f"{name.text} {value.text}", name.box.union(value.box), name.first, name.count + value.count)
        for name, value in zip(cells[::2], cells[1::2], strict=True)
    ]
    sheet.rule(LEFT, 312, RIGHT, 312)
    sheet.rule(LEFT, 326, RIGHT, 326)
    [found] = tables(sheet)
    assert found.t < 301
    assert found.b > 336


def test_two_tables_between_rules_of_one_width_stay_two() -> None:
    sheet = columns_page()
    first = set_table(sheet, 240, STATES, (64, 160))
    sheet.line(64, 300, "Other states")
    second = set_table(sheet, 330, STATES, (64, 160))
    for y in (238, 252, 284, 326, 342, 374):
        sheet.rule(LEFT, y, RIGHT, y)
    assert matches(tables(sheet, first.padded(3), second.padded(3)), first, second)


@pytest.mark.parametrize("over", [True, False])
def test_a_caption_makes_a_table_of_columns(*, over: bool) -> None:
    sheet = columns_page()
    box = set_table(sheet, 270, STAFF, (64, 124, 184, 252), bold=False)
    sheet.line(64, 248 if over else 376, "Table 3. Who works where", italic=True)
    assert matches(tables(sheet), box)


def test_without_a_caption_words_in_columns_are_text() -> None:
    sheet = columns_page()
    set_table(sheet, 270, STATES, (64, 160), bold=False)
    assert tables(sheet) == []


def test_the_rule_of_a_running_head_over_two_columns_of_text() -> None:
    sheet = Sheet()
    sheet.line(60, 40, "A short history of harbours")
    sheet.line(540, 40, "12")
    sheet.rule(60, 54, 552, 54)
    sheet.prose(60, 70, 40, words=6)
    sheet.prose(320, 70, 40, words=6)
    assert tables(sheet) == []


def test_a_background_behind_text_and_a_bullet_list() -> None:
    sheet = columns_page()
    sheet.page.shapes.append(Box(LEFT, 256, RIGHT, 330))
    for number in range(5):
        sheet.line(64, 260 + 14 * number, "•")
        sheet.line(78, 260 + 14 * number, "something to be done in time")
    assert tables(sheet) == []


def test_a_caption_between_columns_of_text() -> None:
    sheet = Sheet()
    for x in (60, 240, 420):
        for y in range(80, 400, 12):
            sheet.line(x, y, "and so it was set in order")
    sheet.line(60, 420, "Table 1. What was set")
    assert tables(sheet) == []


def test_a_line_of_text_right_under_the_last_rule() -> None:
    sheet = columns_page()
    box = set_table(sheet, 260, STATES, (64, 160))
    for y in (256, 272, 300):
        sheet.rule(LEFT, y, RIGHT, y)
    first = sheet.line(64, 304, "So")
    sheet.line(160, 304, "they were")
    [found] = tables(sheet)
    assert found.b < first.t
    assert box.inside(found) > 0.99
