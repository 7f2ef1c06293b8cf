"""Numbers of lines are parted from the text beside which they are drawn; others stay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf

TEXT = (
    "Gardens of the town are open from March to October, and on",
    "Sundays all the year round. The keeper may close a gate for",
    "work that cannot wait, and tells the office about it on the",
    "same day, which puts up a note at the gate and",
    "another one at the hall.",
    "He may open it again.",
)


def lines(
    folder: Path,
    numbers: Sequence[str],
    *,
    size: float = 6,
    gap: float = 6,
    rise: float = 0,
    font: str = "Times-Roman",
) -> list[str]:
    """What the lines of a page read as whose texts have numbers before them."""
    path = folder / "page.pdf"
    canvas = Canvas(str(path), invariant=True)
    for place, (number, text) in enumerate(zip(numbers, TEXT, strict=True)):
        y = 700 - 14 * place
        canvas.setFont("Helvetica", size)
        canvas.drawRightString(100 - gap, y + rise, number)
        canvas.setFont(font, 10)
        canvas.drawString(100, y, text)
    canvas.save()
    with Pdf.open(path) as pdf:
        return [cell.text for cell in read_page(pdf, 1).cells]


@pytest.mark.parametrize("numbers", ["1 2 3 4 5 6", "8 9 10 11 12 13", "5 10 15 20 25 30"])
def test_numbers_before_their_lines(numbers: str, tmp_path: Path) -> None:
    found = lines(tmp_path, numbers.split())
    assert set(found) == {*numbers.split(), *TEXT}


def test_numbers_in_the_type_of_the_text_stay(tmp_path: Path) -> None:
    """Nothing tells them from what a list has, and rows of a table."""
    found = lines(tmp_path, list("123456"), size=10)
    assert found == [f"{place + 1} {text}" for place, text in enumerate(TEXT)]


@pytest.mark.parametrize("numbers", ["1 3 4 8 9 11", "6 5 4 3 2 1", "100 200 300 400 500 600"])
def test_numbers_that_do_not_count_stay(numbers: str, tmp_path: Path) -> None:
    found = lines(tmp_path, numbers.split())
    assert found == [f"{number} {text}" for number, text in zip(numbers.split(), TEXT, strict=True)]


def test_raised_marks_of_notes_stay(tmp_path: Path) -> None:
    found = lines(tmp_path, list("123456"), rise=3.5)
    assert found == [f"{place + 1} {text}" for place, text in enumerate(TEXT)]


def test_numbers_close_to_the_text_stay(tmp_path: Path) -> None:
    found = lines(tmp_path, list("123456"), gap=2.5)
    assert found == [f"{place + 1} {text}" for place, text in enumerate(TEXT)]


def test_numbers_of_a_listing_stay(tmp_path: Path) -> None:
    found = lines(tmp_path, list("123456"), font="Courier")
    assert found == [f"{place + 1} {text}" for place, text in enumerate(TEXT)]


def test_numbers_behind_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    canvas = Canvas(str(path), invariant=True)
    for place, text in enumerate(TEXT):
        canvas.setFont("Times-Roman", 10)
        canvas.drawRightString(400, 700 - 14 * place, text)
        canvas.setFont("Helvetica", 6)
        canvas.drawString(406, 700 - 14 * place, str(place + 1))
    canvas.save()
    with Pdf.open(path) as pdf:
        found = {cell.text for cell in read_page(pdf, 1).cells}
    assert found == {*TEXT, *"123456"}
