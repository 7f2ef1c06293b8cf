"""Names side by side under a title stay apart; pieces of a line that others run across are one."""

from __future__ import annotations

from docmill.pipeline.convert.layout.blocks.joins import join_rows
from docmill.pipeline.convert.layout.blocks.text_rows import text_rows
from tests.convert.layout.sheet import Sheet


def joined(sheet: Sheet) -> list[str]:
    return [row.text for row in join_rows(text_rows(sheet.page, None))]


def test_a_title_over_two_names_does_not_join_them() -> None:
    sheet = Sheet()
    sheet.line(100, 60, "The Title of a Paper Runs Across", size=17)
    sheet.line(170, 82, "Ann Lee", size=12)
    sheet.line(250, 82, "Ben Roe", size=12)
    assert "Ann Lee" in joined(sheet)


def test_a_line_of_like_type_over_a_wide_space_joins_its_pieces() -> None:
    sheet = Sheet()
    sheet.line(100, 60, "a line of the paragraph runs across it all", size=12)
    sheet.line(100, 74, "then comes", size=12)
    sheet.line(180, 74, "a wide space", size=12)
    assert "then comes a wide space" in joined(sheet)
