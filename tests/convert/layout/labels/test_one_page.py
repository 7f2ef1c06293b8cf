"""What is furniture on documents of one page: no line of text is lost, no running head kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.labels.furniture_words import (
    ends_in_number,
    furniture_wording,
    is_folio,
    page_value,
)
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from tests.convert.layout.labels.one_page import Shape, prose, shapes, write

_FURNITURE = {"page_header", "page_footer"}
#: Shapes whose furniture rules were made while looking at, and those that only test them.
_FURTHER = shapes("further")
_MADE_ON = (*shapes("made_on"), *_FURTHER[::2])
_KEPT_BACK = {"kept_back": shapes("kept_back"), "further": _FURTHER[1::2]}
#: Of the lines of shapes that no rule was made on.
_LEAST = {"kept_back": 0.97, "further": 0.93}


def wrong(shape: Shape, folder: Path) -> list[str]:
    """The lines that are furniture and stay, and those that are text and go, told without a detector."""
    with Pdf.open(write(shape, folder)) as pdf:
        page = read_page(pdf, 1)
    gone: list[str] = []
    text: list[str] = []
    for region in fuse(page, None, []):
        part = gone if region.label in _FURNITURE else text
        part += [page.cells[cell].text for cell in region.cells]
    found = {True: squeezed(" ".join(gone)), False: squeezed(" ".join(text))}
    lines = [(line, True) for line in shape.furniture]
    lines += [(line, False) for line in (*shape.text, *prose(shape))]
    missing = [line.text for line, furniture in lines if squeezed(line.text) not in found[furniture]]
    return missing or (gone if not shape.furniture else [])


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("shape", _MADE_ON, ids=lambda shape: shape.name)
def test_shapes_that_rules_were_made_on(shape: Shape, tmp_path: Path) -> None:
    assert wrong(shape, tmp_path) == []


@pytest.mark.parametrize("kept_back", _KEPT_BACK)
def test_most_lines_of_other_shapes_are_right(kept_back: str, tmp_path: Path) -> None:
    others = _KEPT_BACK[kept_back]
    lines = sum(len(shape.furniture) + len(shape.text) for shape in others)
    missed = [line for shape in others for line in wrong(shape, tmp_path)]
    assert lines > 100
    assert len(missed) <= (1 - _LEAST[kept_back]) * lines, missed


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("Downloaded from https://example.org by guest on 3 May 2020", 3),
        ("© 2011 Institute of Halls", 3),
        ("Page 3 of 10", 3),
        ("Sample et al. BMC Gardens (2018) 19:123", 2),
        ("https://doi.org/10.1000/xyz123", 2),
        ("J. Halls, vol. 12", 2),
        ("CONFIDENTIAL", 2),
        ("Anytown, 12 March 2022", 1),
        ("WP/15/104", 1),
        ("To: Sample Stores, 4 High Street", 0),
        ("What we learnt in the first year", 0),
        ("MEMORANDUM", 0),
    ],
)
def test_wording(text: str, strength: float) -> None:
    assert furniture_wording(text) == strength


@pytest.mark.parametrize(
    "text", ["12", "- 12 -", "xiv", "Page 3", "3 | Page", "A7", "4-7", "1/3", "P a g e | 5"]
)
def test_page_numbers(text: str) -> None:
    assert is_folio(text)


@pytest.mark.parametrize("text", ["Gardens", "3 May 2019", "12 people", "EUR 12"])
def test_no_page_numbers(text: str) -> None:
    assert not is_folio(text)


def test_numbers_at_the_ends_of_running_heads() -> None:
    assert ends_in_number("THE SMALL HALL. 213")
    assert ends_in_number("46 THE KEEPING OF GARDENS")
    assert not ends_in_number("Annual Report 2020")
    assert not ends_in_number("12 people came to the garden")


def test_values_of_page_numbers() -> None:
    assert [page_value(text) for text in ("- 12 -", "xiv", "Page 3 of 10", "none")] == [12, 14, 3, 0]


@pytest.mark.parametrize("text", ["MILL", "Civil", "mild", "did"])
def test_words_of_roman_digits_are_no_page_numbers(text: str) -> None:
    assert not is_folio(text)
    assert page_value(text) == 0
