"""Vector figures over their captions, and tables and text that a figure's caption stands under too."""

from __future__ import annotations

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.types import Box, Ruling
from tests.convert.layout.sheet import Sheet


def regions(sheet: Sheet) -> dict[str, list[Box]]:
    found: dict[str, list[Box]] = {}
    for region in fuse(sheet.page, None, []):
        found.setdefault(region.label, []).append(region.box)
    return found


def heat_map(sheet: Sheet, top: float) -> Box:
    """Four by four squares with numbers, names of rows beside them and of columns over them."""
    for row in range(4):
        sheet.line(118, top + 15 + 40 * row, ("Full", "Base", "Ours", "None")[row], size=8)
        sheet.line(155 + 40 * row, top - 12, f"t{row}", size=8)
        for column in range(4):
            box = Box(140 + 40 * column, top + 40 * row, 180 + 40 * column, top + 40 + 40 * row)
            sheet.page.shapes.append(box)
            sheet.line(box.l + 10, box.t + 15, f"0.{row}{column}", size=8)
    return Box(140, top, 300, top + 160)


def test_a_heat_map_is_a_picture_with_all_its_words() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 6)
    box = heat_map(sheet, 180)
    sheet.line(90, box.b + 12, "Figure 3: Scores by method and step.", size=9)
    sheet.prose(72, box.b + 50, 8)
    found = regions(sheet)
    assert "table" not in found
    assert len(found["picture"]) == 1
    picture = found["picture"][0]
    assert picture.l <= 119
    assert picture.t <= 170
    assert len(found["text"]) == 2


def test_boxes_with_arrows_are_one_picture() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 6)
    for row in range(2):
        for column, name in enumerate(("Encoder", "Decoder", "Loss", "Output")):
            box = Box(80 + 90 * column, 190 + 40 * row, 140 + 90 * column, 206 + 40 * row)
            sheet.page.shapes.append(box)
            sheet.line(box.l + 6, box.t + 4, name, size=8)
            if column:
                sheet.page.rulings.append(Ruling(box.l - 30, box.t + 8, box.l, box.t + 8))
    sheet.line(90, 262, "Fig. 1. How the parts work together.", size=9)
    sheet.prose(72, 300, 8)
    found = regions(sheet)
    assert len(found["picture"]) == 1
    assert found["picture"][0].height > 50
    assert len(found["text"]) == 2


def test_squares_under_the_caption_of_a_table_stay_a_table() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 6)
    sheet.line(90, 155, "Table 2: Scores by method and step.", size=9)
    box = heat_map(sheet, 190)
    sheet.line(90, box.b + 12, "Figure 3: Something that is drawn further down.", size=9)
    sheet.prose(72, box.b + 50, 8)
    assert "picture" not in regions(sheet)


def test_a_ruled_table_that_is_called_a_figure_keeps_its_text() -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 6)
    for row in range(5):
        sheet.page.rulings.append(Ruling(100, 180 + 20 * row, 400, 180 + 20 * row))
        sheet.page.rulings.append(Ruling(100 + 75 * row, 180, 100 + 75 * row, 260))
        for column in range(4):
            if row < 4:
                sheet.line(105 + 75 * column, 184 + 20 * row, f"cell {row}{column}")
    sheet.line(110, 272, "Figure 3: What was asked and what was said.", size=9)
    sheet.prose(72, 310, 8)
    found = regions(sheet)
    assert "table" in found
    assert "picture" not in found


def test_text_between_a_drawing_and_a_caption_parts_them() -> None:
    sheet = Sheet()
    for n in range(4):
        sheet.page.shapes.append(Box(80 + 30 * n, 60, 100 + 30 * n, 75))
    sheet.prose(72, 84, 2)
    sheet.line(90, 114, "Figure 3: What was asked and what was said.", size=9)
    sheet.prose(72, 150, 8)
    assert "picture" not in regions(sheet)
