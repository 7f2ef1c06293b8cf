"""Words that are typed letter by letter, and letters that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from tests.convert.pdf_builder import Builder, text


def read(tmp_path: Path, content: str) -> list[str]:
    builder = Builder()
    builder.page(text(72, 700, content, font_name="F2"))
    with Pdf.open(builder.save(tmp_path / "text.pdf")) as pdf:
        return [line.text for line in read_page(pdf, 1).cells]


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("R E C E I V E D", "RECEIVED"),
        ("A N N U A L  R E P O R T", "ANNUAL REPORT"),
        ("B E R I C H T  2024", "BERICHT 2024"),
        ("L I S T  O F  P A R T S", "LIST OF PARTS"),
    ],
)
def test_spelled_words(tmp_path: Path, typed: str, read_as: str) -> None:
    assert read(tmp_path, typed) == [read_as]


@pytest.mark.parametrize(
    "letters",
    [
        "A B C D E F",
        "Y N Y N Y N",
        "B A D C A E",
        "S M T W T F S",
        "A C G T A C G T",
        "N E S W N",
        "A E I O U",
        "X 1 Y 2 Z 3 A",
        "N O T E",
        "Plan B or C",
    ],
)
def test_letters_that_are_no_words(tmp_path: Path, letters: str) -> None:
    assert read(tmp_path, letters) == [letters]
