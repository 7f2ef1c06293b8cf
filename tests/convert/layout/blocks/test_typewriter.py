"""Monospaced text that is no code, and code that stays code."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from tests.convert.layout.sheet import Sheet

LETTER = (
    "The committee met in the small hall and went through the figures",
    "of the past year. Most members had read the papers beforehand and",
    "asked only short questions about them. It was agreed to ask for two",
    "further offers before the summer.",
)
BRIEF = (
    "Der Ausschuss traf sich im kleinen Saal und ging die Zahlen des",
    "vergangenen Jahres durch. Die meisten hatten die Papiere vorher",
    "gelesen und stellten nur kurze Fragen dazu.",
)
CODE = (
    "def total(values):",
    "    count = 0",
    "    for value in values:",
    "        count += value[0]",
    "    return {'total': count}",
)
SHELL = ("$ docmill convert report.pdf --out build", "$ ls build | wc -l", "$ cat build/report.md")


def labels(sheet: Sheet) -> list[str]:
    """Labels from top to bottom."""
    return [region.label for region in sorted(fuse(sheet.page, None, []), key=lambda region: region.box.t)]


def typed(sheet: Sheet, y: float, lines: tuple[str, ...], *, size: float = 10, leading: float = 12) -> None:
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        sheet.line(
            72 + 0.6 * size * indent, y + leading * number, line.strip(), size, font="Courier", mono=True
        )


@pytest.mark.parametrize("text", [LETTER, BRIEF], ids=["English", "German"])
@pytest.mark.parametrize(("size", "leading"), [(10, 12), (12, 14), (12, 24)])
def test_a_typed_letter_is_text(text: tuple[str, ...], size: float, leading: float) -> None:
    sheet = Sheet()
    typed(sheet, 150, text, size=size, leading=leading)
    typed(sheet, 350, text, size=size, leading=leading)
    typed(sheet, 550, ("Yours sincerely,",), size=size)
    typed(sheet, 600, ("A. Sample, manager",), size=size)
    assert labels(sheet) == ["text"] * 4


def test_a_receipt_is_text() -> None:
    sheet = Sheet()
    typed(sheet, 150, ("GARDEN SHOP", "RAKE 12.50", "SEEDS, MIXED 3.20", "TOTAL EUR 15.70", "Thank you."))
    assert "code" not in labels(sheet)


def test_a_program_in_a_typed_document_is_code() -> None:
    sheet = Sheet()
    typed(sheet, 150, LETTER)
    typed(sheet, 250, CODE)
    typed(sheet, 360, LETTER)
    assert labels(sheet) == ["text", "code", "text"]


@pytest.mark.parametrize("code", [CODE, SHELL], ids=["program", "shell"])
def test_code_in_a_printed_document_is_code(code: tuple[str, ...]) -> None:
    sheet = Sheet()
    sheet.prose(72, 100, 12)
    typed(sheet, 270, code)
    sheet.prose(72, 380, 12)
    assert labels(sheet) == ["text", "code", "text"]


def test_typed_prose_in_a_printed_document_is_text() -> None:
    sheet = Sheet()
    sheet.prose(72, 100, 12)
    typed(sheet, 270, LETTER)
    sheet.prose(72, 380, 12)
    assert labels(sheet) == ["text"] * 3


def test_a_typed_heading_over_printed_text_is_no_code() -> None:
    sheet = Sheet()
    sheet.prose(72, 100, 6)
    typed(sheet, 200, ("THE SECOND YEAR",))
    sheet.prose(72, 220, 12)
    assert "code" not in labels(sheet)


def test_a_command_on_a_line_of_its_own_is_code() -> None:
    sheet = Sheet()
    sheet.prose(72, 100, 12)
    typed(sheet, 270, ("docmill convert inbox/ --out=build",))
    sheet.prose(72, 300, 12)
    assert labels(sheet)[1] == "code"
