"""Which lines of a table are one row, where no ruling says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from docmill.pipeline.convert.tables.slanet.slanet import Crop
from docmill.pipeline.convert.tables.structure import TableInput, table_structure
from docmill.pipeline.convert.types import Box, Ruling, TableStructure, Word
from tests.convert.tables.table_setting import LEADING, line, page, region, typeset, width_of
from tests.support.steps import steps


def no_crop() -> Crop:
    raise AssertionError("the table must not be rendered")


def structure(
    words: Sequence[Word], rulings: Sequence[Ruling] = (), shapes: Sequence[Box] = ()
) -> TableStructure:
    return table_structure(TableInput(region(words, rulings), no_crop), page(words, rulings, shapes), words)


def texts(table: TableStructure) -> list[list[str]]:
    grid = [[""] * table.num_cols for _ in range(table.num_rows)]
    for cell in table.cells:
        grid[cell.row][cell.col] = cell.text
    return grid


def wrapped(text: str, width: float) -> list[str]:
    """The text in lines of at most `width` points."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def survey(
    rows: Sequence[Sequence[str]], widths: Sequence[float], *, alignment: str = "top", space: float = 0.0
) -> list[Word]:
    """A table whose cells wrap; `space` is how much wider rows are apart than lines."""
    words: list[Word] = []
    y = 100.0
    for row in rows:
        cells = [wrapped(text, width) for text, width in zip(row, widths, strict=True)]
        tallest = max(len(lines) for lines in cells)
        x = 50.0
        for lines, width in zip(cells, widths, strict=True):
            free = (tallest - len(lines)) * LEADING
            top = y + {"top": 0.0, "middle": free / 2, "bottom": free}[alignment]
            for at, text in enumerate(lines):
                words += line(text, x, top + at * LEADING)
            x += width + 12
        y += tallest * LEADING + space
    return words


ENGLISH = [
    ["Question", "Yes", "No", "Mean"],
    ["The pace of the lectures was as I like it", "21", "8", "3.8"],
    ["I could follow the exercises without any help from others in my group", "18", "12", "4.0"],
    ["I would come again", "14", "24", "4.5"],
    ["The machines in the room were fast enough for the work", "17", "10", "3.6"],
]
GERMAN = [
    ["Frage", "Ja", "Nein", "Mittel"],
    ["Die Vorlesung war mir in keiner Woche zu schnell", "21", "8", "3,8"],
    ["Ich konnte den Übungen ohne die Hilfe der anderen folgen", "18", "12", "4,0"],
    ["Ich käme wieder", "14", "24", "4,5"],
    ["Die Geräte im Raum waren für das, was wir sollten, schnell genug", "17", "10", "3,6"],
]


@pytest.mark.parametrize("space", [0.0, 3.0, 8.0])
@pytest.mark.parametrize("alignment", ["top", "middle", "bottom"])
@pytest.mark.parametrize("rows", [ENGLISH, GERMAN], ids=["en", "de"])
def test_labels_that_wrap_beside_numbers(rows: list[list[str]], alignment: str, space: float) -> None:
    assert texts(structure(survey(rows, [110, 30, 30, 30], alignment=alignment, space=space))) == rows


@pytest.mark.parametrize("widths", [[60, 120, 120], [60, 90, 160]])
@pytest.mark.parametrize("space", [0.0, 5.0])
def test_columns_of_text_that_wrap(widths: list[float], space: float) -> None:
    rows = [
        ["Study", "Method", "Finding"],
        [
            "First",
            "Interviews with members of the council",
            "The minutes are kept but nobody reads them twice",
        ],
        ["Second", "A survey", "Few of those who were asked could name the chair"],
        ["Third", "Readings of the meter over twelve weeks of the dry season", "No change"],
    ]
    assert texts(structure(survey(rows, widths, space=space))) == rows


def test_a_share_in_brackets_that_wraps_is_in_the_cell_of_its_number() -> None:
    rows = [
        ["Item", "Agree", "Total"],
        ["The room", "8 (19%)", "41"],
        ["The pace of it all", "21 (51%)", "41"],
    ]
    words = survey(rows[:2], [70, 40, 30]) + line("The pace of it", 50, 124) + line("all", 50, 136)
    words += line("21", 132, 124) + line("(51%)", 132, 136) + line("41", 184, 124)
    assert texts(structure(words)) == rows


def test_errors_in_brackets_below_coefficients_are_rows() -> None:
    rows = [["", "(1)", "(2)"]]
    for label in ("Income", "Age", "Rent"):
        rows += [[label, "0.251", "-1.203"], ["", "(0.062)", "(0.411)"]]
    assert texts(structure(typeset(rows, [60, 50, 50], pitch=12))) == rows


def test_groups_named_in_their_first_row_keep_empty_cells_below() -> None:
    rows = [["Area", "Half", "Sum"]]
    for area in ("North", "South"):
        rows += [[area, "first", "1,204"], ["", "second", "1,390"]]
    assert texts(structure(typeset(rows, [60, 50, 50], right=(2,), pitch=13))) == rows


def test_rows_with_empty_cells_are_not_filled_from_their_neighbours() -> None:
    rows = [
        ["Code", "Place", "Due", "Found", "State"],
        ["T-11", "A-12", "61", "", ""],
        ["", "B-07", "", "33", ""],
        ["T-12", "", "95", "94", "OK"],
        ["", "C-15", "", "15", ""],
        ["T-13", "D-22", "", "21", "LOW"],
        ["", "", "27", "", ""],
    ]
    assert texts(structure(typeset(rows, [50, 50, 40, 40, 40], pitch=14))) == rows


def test_names_of_sections_are_rows_over_all_columns() -> None:
    words = typeset([["Model", "Recall", "Cost"], ["small", "0.91", "12"]], [80, 60, 60], pitch=14)
    name = "On the second set of images"
    words += line(name, (50 + 210 + width_of("Cost") - width_of(name)) / 2, 128)
    words += typeset(
        [["small", "0.81", "14"], ["large", "0.85", "25"]], [80, 60, 60], pitch=14, origin=(50, 142)
    )
    table = structure(words)
    assert [(c.row, c.col, c.col_span) for c in table.cells if c.text.startswith("On the")] == [(2, 0, 3)]
    assert texts(table)[3] == ["small", "0.81", "14"]


@pytest.mark.parametrize("case", [str.lower, str.title])
def test_words_a_line_each_stay_rows(case: Callable[[str], str]) -> None:
    names = ["red", "green", "blue", "grey", "pink", "white"]
    rows = [
        ["Kind", "Tone"],
        *([case(name), case(other)] for name, other in zip(names, names[::-1], strict=True)),
    ]
    assert texts(structure(typeset(rows, [40, 40], pitch=12))) == rows


def test_lines_of_a_statement_without_amounts_stay_rows() -> None:
    rows = [
        ["", "2024", "2023"],
        ["Receipts from the letting of rooms", "21,408", "26,694"],
        ["Other", "", ""],
        ["Rent", "26,661", "27,881"],
        ["Sales .........", "50,638", "25,452"],
        ["Staff", "", ""],
        ["Wages", "57,452", "16,034"],
    ]
    found = texts(structure(typeset(rows, [150, 50, 50], right=(1, 2), pitch=13)))
    assert found == [[row[0].rstrip(" ."), *row[1:]] for row in rows]


def test_figures_set_small_below_others_are_no_rows() -> None:
    words = typeset([["Angle", "Best"], ["first", "7.50"], ["second", "2.45"]], [60, 60], pitch=18)
    for at, (up, down) in enumerate([("0.22", "0.20"), ("0.02", "0.03")]):
        x, y = 120 + width_of("7.50"), 118.0 + 18 * at
        for text, top in ((f"+{up}", y - 3), (f"-{down}", y + 6)):
            words.append(Word(text, Box(x, top, x + 0.7 * width_of(text), top + 6.5), 6.5, 0))
    assert [row[0] for row in texts(structure(words))] == ["Angle", "first", "second"]


@pytest.mark.parametrize("framed", [False, True])
def test_columns_that_rules_part_are_rows_by_their_lines(framed: bool) -> None:
    rows = [
        ["Place", "Keeper", "Day"],
        ["North hall", "A. Sample", "Monday"],
        ["South hall", "B. Sample", "Tuesday"],
    ]
    rows.append(["East gate", "C. Sample", "Friday"])
    words = typeset(rows, [70, 70, 70], pitch=15)
    rules = [Ruling(x, 97, x, 160) for x in (126.0, 206.0)]
    if framed:
        rules += [Ruling(x, 97, x, 160) for x in (46.0, 286.0)] + [
            Ruling(46, y, 286, y) for y in (97.0, 112.0, 160.0)
        ]
    assert texts(structure(words, rules)) == rows


def test_a_background_drawn_cell_by_cell_parts_rows() -> None:
    rows = [["Name", "Remark"]] + [[f"Item {i}", "Some words\nMore words"] for i in range(6)]
    words = typeset(rows, [60, 100], pitch=14)
    tops = [100.0 + 14 + 26 * i for i in range(6)]
    shapes = [Box(x, top - 2, x + 87, top + 23) for top in tops[::2] for x in (48.0, 135.0)]
    assert texts(structure(words, shapes=shapes)) == [
        [text.replace("\n", " ") for text in row] for row in rows
    ]


def test_a_word_broken_in_a_cell_is_whole() -> None:
    words = line("Key", 50, 100) + line("Disa-", 120, 100) + line("greement", 120, 112)
    for at, key in enumerate(("one", "two", "six")):
        words += line(key, 50, 128 + 14 * at) + line(f"{at}.5", 120, 128 + 14 * at)
    assert texts(structure(words))[0] == ["Key", "Disagreement"]


def test_headings_of_groups_of_columns_and_units_are_rows() -> None:
    widths = [50.0, 40.0, 40.0, 40.0, 40.0]
    words = line("Before", 137, 100) + line("After", 239, 100)
    rows = [["Name", "Mass", "Cost", "Mass", "Cost"], ["", "(kg)", "(EUR)", "(kg)", "(EUR)"]]
    rows += [[name, "0.91", "12", "0.93", "14"] for name in ("ann", "bob", "cid")]
    table = structure(words + typeset(rows, widths, pitch=12, origin=(50, 112)))
    assert table.num_rows == 6
    assert [row[1] for row in texts(table)[2:4]] == ["(kg)", "0.91"]


def test_pieces_of_a_heading_with_wide_spaces_are_no_columns() -> None:
    words = line("Firms", 120, 100) + line("of", 145, 100) + line("all", 120, 112) + line("kinds", 145, 112)
    for at, name in enumerate(("north", "south", "west", "east")):
        words += line(name, 50, 128 + 14 * at) + line(f"{at}7", 120, 128 + 14 * at)
    table = structure(words)
    assert table.num_cols == 2
    assert texts(table)[0][1] == "Firms of all kinds"


def test_a_tall_table_of_words_takes_steps_by_the_line() -> None:
    def tall(count: int) -> list[Word]:
        return [
            word
            for at in range(count)
            for column in range(8)
            for word in line("ab cd", 50 + 60 * column, 100 + 12.0 * at)
        ]

    few, _ = steps(lambda: structure(tall(100)))
    many, table = steps(lambda: structure(tall(400)))
    assert many < 6 * few
    assert sum(len(cell.text.split()) for cell in table.cells) == 400 * 8 * 2


@pytest.mark.parametrize("makers", [("Adams", "Brown"), ("Adams", "Brown", "Clark"), ("Clark", "Drake")])
def test_names_of_groups_in_another_face_stay_rows_of_their_own(makers: Sequence[str]) -> None:
    """A list of prices: each item is under its maker, in bold, and the first one is the widest."""
    expected = [["Cider", "0.2 l"]]
    for at, maker in enumerate(makers):
        item = f"{maker} cider, upper orchard {2021 - at}" if at == 0 else f"{maker} cider {2021 - at}"
        expected += [[f"Made by {maker}", ""], [item, f"{4 + at}.00"]]
    words: list[Word] = []
    for at, (text, price) in enumerate(expected):
        y = 100.0 + 16 * at
        words += line(text, 50, y, font=1 if at == 0 or not price else 0)
        words += line(price, 300 - width_of(price), y, font=1 if at == 0 else 0) if price else []
    assert texts(structure(words)) == expected
