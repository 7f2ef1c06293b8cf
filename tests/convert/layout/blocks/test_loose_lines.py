"""Double-spaced text among other, and lines that stand apart and stay so."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from tests.convert.layout.sheet import Sheet

LINES = (
    "the committee met in the small hall and went through the figures of",
    "the past year most members had read the papers beforehand and asked",
    "only short questions about them and it was agreed to ask for further",
    "offers before the summer.",
)


def paragraphs(sheet: Sheet) -> list[str]:
    """Texts of the regions from top to bottom."""
    found = sorted(fuse(sheet.page, None, []), key=lambda region: region.box.t)
    return [" ".join(sheet.page.cells[cell].text for cell in region.cells) for region in found]


@pytest.mark.parametrize("leading", [17, 20, 24])
def test_wide_lines_under_narrow_ones_are_a_paragraph(leading: float) -> None:
    sheet = Sheet()
    sheet.lines(72, 100, *LINES * 2, leading=12)
    sheet.lines(72, 230, *LINES, leading=leading)
    sheet.lines(72, 400, *LINES, leading=leading)
    assert len(paragraphs(sheet)) >= 3
    assert paragraphs(sheet)[-2:] == [" ".join(LINES)] * 2


def test_a_short_letter_set_wide() -> None:
    sheet = Sheet()
    sheet.lines(72, 150, *LINES[:2], "and no more.", leading=16.7)
    assert paragraphs(sheet) == [" ".join((*LINES[:2], "and no more."))]


def test_a_word_under_an_indented_line() -> None:
    sheet = Sheet()
    sheet.line(120, 150, "Section twelve of the law on gardens is changed so that it")
    sheet.line(72, 172, "reads:")
    assert len(paragraphs(sheet)) == 1


def test_sentences_apart_stay_apart() -> None:
    sheet = Sheet()
    sheet.prose(72, 100, 8)
    for number in range(5):
        sheet.line(
            72, 250 + 22 * number, f"Sentence {number} stands for itself and ends at its own full stop."
        )
    assert len(paragraphs(sheet)) == 6


def test_labels_apart_stay_apart() -> None:
    sheet = Sheet()
    sheet.prose(72, 100, 8)
    for number, label in enumerate(("name of patient", "date of birth", "name of doctor", "reason")):
        sheet.line(72, 250 + 22 * number, label)
    assert len(paragraphs(sheet)) == 5


def test_items_apart_stay_apart() -> None:
    sheet = Sheet()
    sheet.prose(72, 100, 8)
    for number, mark in enumerate("abcd"):
        sheet.line(
            72, 250 + 22 * number, f"{mark}) this item of the list goes on to the edge and has no full stop"
        )
    assert len(paragraphs(sheet)) == 5
