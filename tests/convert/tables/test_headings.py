"""Which columns headings stand over, and which lines of them are rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.tables.slanet.slanet import Crop
from docmill.pipeline.convert.tables.structure import TableInput, table_structure
from docmill.pipeline.convert.types import Box, Ruling, TableStructure, Word
from tests.convert.tables.table_setting import LEADING, line, page, region, typeset, width_of

GRID = [60, 40, 40, 40, 40]
BODY = [
    ["ann", "4.1", "5.1", "6.1", "7.1"],
    ["bob", "4.2", "5.2", "6.2", "7.2"],
    ["cat", "1.2", "2.2", "3.2", "8"],
]
RIGHT = (1, 2, 3, 4)


def structure(words: Sequence[Word], rulings: Sequence[Ruling] = ()) -> TableStructure:
    return table_structure(TableInput(region(words, rulings), crop), page(words, rulings), words)


def crop() -> Crop:
    raise AssertionError("the table must not be rendered")


def spans(table: TableStructure) -> dict[str, tuple[int, int, int, int]]:
    return {cell.text: (cell.row, cell.col, cell.row_span, cell.col_span) for cell in table.cells}


def over(text: str, left: float, right: float, y: float) -> list[Word]:
    """A text in the middle between two edges."""
    return line(text, (left + right - width_of(text)) / 2, y)


def body(heads: Sequence[str], y: float) -> list[Word]:
    return typeset([heads, *BODY], GRID, right=RIGHT, origin=(50, y))


def edges(first: int, last: int) -> tuple[float, float]:
    """Where the texts of columns that are set flush right begin and end."""
    right = [50 + sum(GRID[: at + 1]) + 10 * at for at in range(len(GRID))]
    return right[first] - 12.5, right[last]


def test_one_heading_in_the_middle_of_all_columns_is_over_all() -> None:
    words = over("Score", *edges(1, 4), 100) + body(["Name", "one", "two", "six", "ten"], 116)
    assert spans(structure(words))["Score"] == (0, 1, 1, 4)


def test_two_headings_share_the_columns_between_them() -> None:
    words = over("Ours", *edges(1, 2), 100) + over("Theirs", *edges(3, 4), 100)
    words += body(["Name", "one", "two", "six", "ten"], 116)
    found = spans(structure(words))
    assert found["Ours"] == (0, 1, 1, 2) and found["Theirs"] == (0, 3, 1, 2)


def test_names_that_repeat_tell_groups_however_their_headings_are_set() -> None:
    first, second = edges(1, 1)[0] - 4, edges(3, 3)[0] - 4
    words = (
        line("Ours", first, 100) + line("Rest", second, 100) + body(["Name", "in", "out", "in", "out"], 114)
    )
    found = spans(structure(words))
    assert found["Ours"] == (0, 1, 1, 2) and found["Rest"] == (0, 3, 1, 2)


def test_names_that_do_not_repeat_go_on_below_headings() -> None:
    words = line("Cost of", edges(1, 1)[0] - 17, 100) + line("Rate of", edges(3, 3)[0] - 17, 100)
    words += body(["Name", "labour", "Age", "return", "Sex"], 100 + LEADING)
    assert structure(words).num_rows == 4


def test_a_text_that_goes_on_in_the_middle_column_is_no_heading() -> None:
    words = typeset([["Term", "Meaning", "Since"]], [60, 130, 40])
    y = 120.0
    for term, first, second, since in (
        ("Batch", "what is worked on in", "one single run of it", "0.1"),
        ("Chunk", "a part that a worker", "can lose as a whole", "0.2"),
        ("Frame", "pages of a part with", "an index at the end", "0.3"),
    ):
        words += line(first, 120, y) + line(second, 120, y + LEADING)
        words += line(term, 50, y + LEADING / 2) + line(since, 260, y + LEADING / 2)
        y += 2 * LEADING + 6
    assert structure(words).num_rows == 4


def test_a_heading_at_the_bottom_stands_in_its_own_row() -> None:
    words = over("Ours", *edges(1, 2), 100) + over("Theirs", *edges(3, 4), 100)
    words += body(["Name", "one", "two", "six", "ten"], 116)
    found = spans(structure(words))
    assert found["Name"] == (1, 0, 1, 1)


def test_a_short_heading_over_the_gap_does_not_make_two_columns_one() -> None:
    words = over("LFW", *edges(1, 2), 100) + body(["Name", "one", "two", "six", "ten"], 116)
    assert structure(words).num_cols == 5


def test_labels_beside_rows_of_another_column_than_the_first_span_them() -> None:
    rows = [["Run", "Method", "Loss"]] + [[str(at + 1), "", f"0.{at + 3}1"] for at in range(4)]
    words = typeset(rows, [40, 60, 40])
    words += line("Adam", 100, 124) + line("Plain", 100, 156)
    found = spans(structure(words))
    assert found["Adam"] == (1, 1, 2, 1) and found["Plain"] == (3, 1, 2, 1)


def test_numbers_at_some_rows_of_a_column_span_nothing() -> None:
    rows = [["Run", "Bonus", "Loss"]] + [
        [str(at + 1), "7" if at == 1 else "", f"0.{at + 3}1"] for at in range(3)
    ]
    found = spans(structure(typeset(rows, [40, 60, 40])))
    assert found["7"] == (2, 1, 1, 1)


def test_pieces_of_an_upright_ruling_tell_rows() -> None:
    words = typeset([["Name", "Kind"]], [80, 80])
    y, ends = 116.0, [98.0, 114.0]
    for name, count in (("Alpha", 2), ("Beta", 1), ("Gamma", 2), ("Delta", 1)):
        for at in range(count):
            words += line(("Text", "More")[at], 140, y + LEADING * at) + line(
                (name, "Part")[at], 50, y + LEADING * at
            )
        y += LEADING * count
        ends.append(y - 1)
    pieces = [Ruling(x, top, x, below) for x in (45, 230) for top, below in pairwise(ends)]
    assert structure(words, pieces).num_rows == 5
    assert structure(words, [Ruling(x, ends[0], x, ends[-1]) for x in (45, 230)]).num_rows != 5


def test_a_ruling_cuts_only_the_rows_beside_which_it_is_drawn() -> None:
    heads = ["Name", "one", "two", "six", "ten"]
    words = (
        body(heads, 100)
        + line("Study of the second module", 70, 164)
        + typeset(BODY, GRID, right=RIGHT, origin=(50, 180))
    )
    x = 112.0
    drawn = [Ruling(x, 98, x, 160), Ruling(x, 178, x, 225)]
    whole = [Ruling(x, 98, x, 225)]
    assert any(cell.text == "Study of the second module" for cell in structure(words, drawn).cells)
    assert not any(cell.text == "Study of the second module" for cell in structure(words, whole).cells)


def test_raised_figures_do_not_make_lines() -> None:
    words = typeset([["Name", "Value"], ["Phase", "194"], ["Split", "284"], ["Mass", "12"]], [60, 60])
    for y in (116.0, 132.0):
        words.append(Word("+24", Box(135.5, y - 2, 144.5, y + 4), 6.0, 0))
        words.append(Word("-22", Box(135.5, y + 6, 144.5, y + 12), 6.0, 0))
    table = structure(words)
    assert [table.num_rows, table.num_cols] == [4, 2]


def test_comparisons_are_values() -> None:
    rows = [
        ["Criterion", "Limit"],
        ["Likeness of both", "> 0.35"],
        ["Likeness of one", "< 0.1"],
        ["Silence", "< 95%"],
    ]
    assert structure(typeset(rows, [90, 40])).num_rows == 4


def recognised(text: str, left: float, right: float, y: float, *, shift: float) -> Word:
    """A word that OCR found in a region of its own, which is wider than its text."""
    return Word(text, Box(left - 3, y - shift, right + 3, y + 10 + shift), 11.0, -1)


def test_headings_that_were_recognised_apart_are_apart_however_near() -> None:
    words = [
        recognised(text, left, left + 32, 100, shift=0.1 * at)
        for at, (text, left) in enumerate([("Run", 50), ("Method", 87), ("Rate", 124), ("Loss", 161)])
    ]
    for row in range(3):
        for at, text in enumerate((str(row + 1), f"{row}.5", f"{row}.7", f"{row}.9")):
            words.append(recognised(text, 55 + 37 * at, 70 + 37 * at, 114 + 14 * row, shift=0.1 * at))
    table = structure(words)
    assert [cell.text for cell in table.cells if cell.row == 0] == ["Run", "Method", "Rate", "Loss"]


def test_a_text_that_was_recognised_as_one_stays_one() -> None:
    words = [
        Word(text, Box(left, 100, right, 110), 10.0, -1)
        for text, left, right in (
            ("Kind", 50, 80),
            ("of", 80, 100),
            ("house", 100, 140),
            ("hold", 140, 170),
        )
    ]
    for row in range(3):
        for at in range(4):
            words.append(
                recognised(f"{row}.{at}", 55 + 37 * at, 70 + 37 * at, 114 + 14 * row, shift=0.1 * at)
            )
    table = structure(words)
    assert [cell.text for cell in table.cells if cell.row == 0 and cell.text] == ["Kind of house hold"]
