"""Rows that look like headings, like each other's going on, or like neither."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.tables.geometry.headers import header_rows
from docmill.pipeline.convert.tables.slanet.skeleton import Skeleton, Slot, filled
from docmill.pipeline.convert.tables.slanet.skeleton_fusion import with_headings
from docmill.pipeline.convert.tables.words_to_cells import match_words
from docmill.pipeline.convert.types import TableCell, Word
from tests.convert.tables.table_setting import line, typeset, width_of
from tests.convert.tables.test_wrapped_rows import structure, texts


def bold(rows: list[list[str]], which: set[int]) -> list[Word]:
    """The words of a table of two columns, some rows in bold."""
    words: list[Word] = []
    for place, row in enumerate(rows):
        for x, text in zip((50, 250), row, strict=True):
            words += line(text, x, 100 + 16 * place, font=int(place in which))
    return words


@pytest.mark.parametrize("names", [0, 1])
def test_names_with_values_are_no_headings(names: int) -> None:
    rows = [
        ["Claimant:", "Maria Bell"],
        ["Vehicle:", "Wagon, blue"],
        ["Plate:", "AB-CD 123"],
        ["Sum:", "1,820.00"],
    ]
    words = [w for place, row in enumerate(rows) for w in line(row[0], 50, 100 + 18 * place, font=names)]
    words += [w for place, row in enumerate(rows) for w in line(row[1], 150, 100 + 18 * place)]
    assert texts(structure(words)) == rows


def test_two_columns_have_one_row_of_headings() -> None:
    rows = [["Claim #", "SF-2210"], ["Policy #", "POL-9"], ["Phone", "030 55512"], ["Mail", "a@example.org"]]
    cells = [TableCell(row=r, col=c, text=text) for r, row in enumerate(rows) for c, text in enumerate(row)]
    assert header_rows(cells, 4, [False] * 4) == 1


def test_a_section_right_under_the_headings_is_a_row() -> None:
    rows = [["Entry", "EUR"], ["Adults", ""], ["Two hours", "14.00"], ["Children", ""], ["Up to ten", "7.00"]]
    assert texts(structure(bold(rows, {0, 1, 3}))) == rows


def test_sections_have_a_face_of_their_own() -> None:
    rows = [["Drinks", "small"], ["Tea with mint", "2.90"], ["with cream", ""], ["Cocoa", "3.40"]]
    rows += [
        ["Cold drinks", "large"],
        ["from here", ""],
        ["Lemonade", "2.80"],
        ["without sugar", ""],
        ["Water", "2.00"],
    ]
    assert texts(structure(bold(rows, {0, 2, 4, 5, 7}))) == rows


def test_figures_stand_apart_from_the_dots_that_lead_to_them() -> None:
    words: list[Word] = []
    for place, (name, sum_) in enumerate(
        [("Wages", "1,200"), ("Rent", "340"), ("Travel", "88"), ("Total", "2,143")]
    ):
        y = 116 + 14 * place
        words += [*line(f"{name} {'.' * 110}", 50, y), *line(sum_, 400 - width_of(sum_), y)]
    words += [*line("Item", 50, 100, font=1), *line("Sum", 385, 100, font=1)]
    found = texts(structure(words))
    assert found[0] == ["Item", "Sum"]
    assert found[1:] == [["Wages", "1,200"], ["Rent", "340"], ["Travel", "88"], ["Total", "2,143"]]


def test_a_currency_sign_behind_its_number_is_of_its_cell() -> None:
    rows = [["Item", "Sum"], ["Rent", "1.250,00 €"], ["Power", "88,40 €"], ["Water", "31,00 €"]]
    assert texts(structure(typeset(rows, [100, 80], right=[1]))) == rows


def test_three_dots_stand_for_a_figure_that_is_missing() -> None:
    rows = [["Gate", "Ships", "Barges", "Boats"], ["East", "20", "...", "7"], ["West", "...", "15", "9"]]
    rows += [["North", "4", "...", "..."], ["South", "11", "8", "1"], ["Old", "...", "...", "2"]]
    assert texts(structure(typeset(rows, [60, 50, 50, 50], right=[1, 2, 3]))) == rows


SPARSE = [
    ["Batch", "Tank", "Start", "End"],
    ["B-01", "", "12.4", ""],
    ["", "T3", "", "11.9"],
    ["B-02", "T4", "9.9", ""],
]
SPARSE_WORDS = typeset(SPARSE, [60, 60, 60, 60])


def grid(*rows: dict[int, tuple[str, int]]) -> Skeleton:
    """Rows of cells by column: a word, and how many columns it spans."""
    boxes = {word.text: word.box for word in SPARSE_WORDS}
    slots = [
        Slot(row, col, 1, span, box=boxes[text])
        for row, cells in enumerate(rows)
        for col, (text, span) in cells.items()
    ]
    return match_words(filled(slots, "slanet"), SPARSE_WORDS)


@pytest.mark.parametrize(("head", "span"), [("12.4", 3), ("12.4", 1)])
def test_no_number_heads_columns(head: str, span: int) -> None:
    heads = {at: (text, 1) for at, text in enumerate(SPARSE[0])}
    rows = [{1: ("T3", 1), 3: ("11.9", 1)}, {0: ("B-02", 1), 1: ("T4", 1), 2: ("9.9", 1)}]
    body = grid(heads, {0: ("B-01", 1), 2: ("12.4", 1)}, *rows)
    seen = grid(heads, {0: ("B-01", 1), 1: (head, span)}, *rows)
    assert with_headings(body, seen, SPARSE_WORDS) is None


def test_a_title_over_columns_among_sections() -> None:
    rows = [
        ["Drinks", "small", "large"],
        ["Tea", "2.90", "3.90"],
        ["Cold", "", ""],
        ["Lemonade", "2.80", "3.10"],
    ]
    rows += [["Hot", "", ""], ["Cocoa", "3.40", "4.00"]]
    words = typeset(rows, [80, 60, 60])
    words += line("All that is sold at the window on Sundays and on holidays", 50, 220)
    words += line("7.00", 270, 220)
    assert structure(words).num_rows >= 6
