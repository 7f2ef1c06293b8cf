"""Limits of sums and integrals belong to their formula."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.text_rows import text_rows
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.labels.formulas import joined_formulas
from tests.convert.layout.sheet import Sheet, seen


def test_limits_of_an_integral_at_the_foot_of_a_page() -> None:
    sheet = Sheet()
    sheet.prose(72, 90, 30)
    box = sheet.line(200, 560, "∫ x2 dx =", 11, font="NewCMMath-Book")
    for x, y, text, size in (
        (212, 551, "1", 7.5),
        (206, 576, "0", 7.5),
        (260, 554, "1", 11),
        (260, 569, "3", 11),
    ):
        box = box.union(sheet.line(x, y, text, size, font="NewCMMath-Book"))
    sheet.prose(72, 600, 4)
    regions = fuse(sheet.page, None, [seen("equation", box)])
    assert sorted(region.label for region in regions) == ["formula", "text", "text"]


def test_a_small_note_under_a_formula_is_none_of_its_limits() -> None:
    sheet = Sheet()
    sheet.prose(72, 90, 30)
    box = sheet.line(200, 560, "∫ x2 dx = 3", 11, font="NewCMMath-Book")
    sheet.rule(72, 690, 200, 690)
    sheet.line(72, 700, "1 The integral is taken over the first year.", 7.5)
    regions = fuse(sheet.page, None, [seen("equation", box)])
    assert "footnote" in {region.label for region in regions}


def test_a_formula_at_the_foot_of_a_column_is_no_footer() -> None:
    sheet = Sheet()
    sheet.page.number = 2
    sheet.prose(72, 60, 50, words=6)
    sheet.prose(320, 60, 48, words=6)
    sheet.line(400, 722, "E = mc2", font="CMMI10", italic=True)
    sheet.line(545, 722, "(3)")
    labels = [region.label for region in fuse(sheet.page, None, [])]
    assert labels.count("formula") == 1
    assert "page_footer" not in labels


def test_a_number_alone_at_the_foot_is_the_page_s() -> None:
    sheet = Sheet()
    sheet.page.number = 2
    sheet.prose(72, 60, 48)
    sheet.line(300, 740, "(3)")
    assert [region.label for region in fuse(sheet.page, None, [])].count("page_footer") == 1


def test_what_goes_on_beside_a_fraction_is_of_the_formula() -> None:
    sheet = Sheet()
    sheet.line(72, 60, "The mean is")
    box = sheet.line(200, 100, "∫ f(x)dx =", 11, font="NewCMMath-Book")
    for x, y, text in ((262, 93, "1"), (262, 107, "6"), (274, 100, "(f(a)+4f(c)+f(b))")):
        box = box.union(sheet.line(x, y, text, 11, font="NewCMMath-Book"))
    sheet.line(72, 140, "by the rule of Simpson.")
    regions = fuse(sheet.page, None, [seen("equation", box)])
    assert sorted(region.label for region in regions) == ["formula", "text", "text"]


def test_words_beside_a_formula_are_none_of_it() -> None:
    sheet = Sheet()
    sheet.line(72, 60, "The mean is")
    box = sheet.line(200, 100, "f(x) = x2 + 1", 11, font="NewCMMath-Book")
    sheet.line(310, 100, "where x is positive", 11)
    regions = fuse(sheet.page, None, [seen("equation", box)])
    assert sorted(region.label for region in regions) == ["formula", "text", "text"]


@pytest.mark.parametrize(("end", "labels"), [("=", ["formula"]), ("= 1", ["formula", "text"])])
def test_cases_right_after_an_equals_sign_are_of_the_formula(end: str, labels: list[str]) -> None:
    sheet = Sheet()
    sheet.line(72, 60, "The norm is")
    end_of_line = sheet.line(200, 100, f"f(x) {end}", font="NewCMMath-Book").r
    for y, text in ((93, "x2 if x > 0"), (107, "0 otherwise")):
        sheet.line(end_of_line + 9, y, text)
    found = [region for region in fuse(sheet.page, None, []) if region.box.t > 80]
    assert sorted(region.label for region in found) == labels


@pytest.mark.parametrize(("label", "count"), [("page_footer", 1), ("text", 1), ("section_header", 2)])
def test_a_matrix_after_an_equals_sign_is_of_the_formula_at_the_foot(label: str, count: int) -> None:
    sheet = Sheet()
    end = sheet.line(200, 730, "A =", font="CMMI10").r
    sheet.lines(end + 9, 724, "a11 a12", "a21 a22", font="CMMI10")
    first, *matrix = text_rows(sheet.page, None)
    blocks, labels = joined_formulas([Block.of((first,)), Block.of(matrix)], ["formula", label])
    assert len(blocks) == len(labels) == count
