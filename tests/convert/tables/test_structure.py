"""The whole way from words and rulings to cells."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest

from docmill.pipeline.convert.tables.slanet.slanet import SIDE, TOKENS, Crop
from docmill.pipeline.convert.tables.structure import TableInput, table_structure, table_structures, words_in
from docmill.pipeline.convert.types import Box, Cluster, PageContent, Ruling, TableCell, TableStructure, Word
from tests.convert.tables.table_setting import grid_lines, line, page, region, typeset, width_of
from tests.support.steps import steps


def no_crop() -> Crop:
    raise AssertionError("the table must not be rendered")


def structure(
    words: Sequence[Word], rulings: Sequence[Ruling] = (), shapes: Sequence[Box] = (), label: str = "table"
) -> TableStructure:
    content = page(words, rulings, shapes)
    return table_structure(TableInput(region(words, rulings, label), no_crop), content, words)


def texts(table: TableStructure) -> list[list[str]]:
    """The grid's texts, a spanning cell's at its first position only."""
    grid = [[""] * table.num_cols for _ in range(table.num_rows)]
    for cell in table.cells:
        grid[cell.row][cell.col] = cell.text
    return grid


def assert_valid(table: TableStructure, words: Sequence[Word]) -> None:
    """Every position in exactly one cell, every word in exactly one cell, tags that agree."""
    owners = [
        (row, col)
        for cell in table.cells
        for row in range(cell.row, cell.row + cell.row_span)
        for col in range(cell.col, cell.col + cell.col_span)
    ]
    assert sorted(owners) == [(r, c) for r in range(table.num_rows) for c in range(table.num_cols)]
    assert len(table.otsl) == table.num_rows * (table.num_cols + 1)
    told = sorted(word for cell in table.cells for word in cell.text.split())
    assert told == sorted(part for word in words for part in word.text.split())
    assert 0 <= table.score <= 1


NUMBERS = [
    ["Region", "Income", "Cost", "Growth"],
    ["North and east", "1,204", "(80)", "4.5%"],
    ["South", "96", "1,115", "0.3%"],
    ["West", "30,410", "7", "12.0%"],
]


def test_unruled_numbers_become_rows_and_columns_with_a_heading() -> None:
    words = typeset(NUMBERS, [90, 60, 60, 60], right=(1, 2, 3))
    table = structure(words)
    assert texts(table) == NUMBERS
    assert {cell.row for cell in table.cells if cell.column_header} == {0}
    assert table.otsl[:5] == ["ched", "ched", "ched", "ched", "nl"]
    assert_valid(table, words)


def test_columns_half_an_em_apart_are_found() -> None:
    rows = [[f"{i}{i}.{j}{i % 7}" for j in range(5)] for i in range(1, 9)]
    table = structure(typeset(rows, [width_of("11.11")] * 5, gap=5.0))
    assert texts(table) == rows


def test_currency_signs_and_closing_brackets_belong_to_their_numbers() -> None:
    words = typeset([["", "2023", "2022"]], [80, 70, 70], right=(1, 2))
    for i, (label, *values) in enumerate(
        [("Sales", "120", "88"), ("Costs", "(9", "1,450"), ("Profit", "7", "8")]
    ):
        y = 116.0 + 16 * i
        words += line(label, 50, y)
        for x, value in zip((140.0, 220.0), values, strict=True):
            words += line("$", x, y) + line(value, x + 70 - width_of(value), y)
            if value.startswith("("):
                words += line(")", x + 71, y)
    table = structure(words)
    assert table.num_cols == 3
    assert texts(table)[2] == ["Costs", "$ (9 )", "$ 1,450"]


def test_wrapped_cells_are_one_row() -> None:
    rows = [
        ["Option", "Meaning"],
        ["speed", "How fast the belt runs while\nthe oven is warm"],
        ["heat", "Degrees at the inner wall of\nthe oven, measured once in\nevery minute"],
    ]
    table = structure(typeset(rows, [60, 160], pitch=18))
    assert texts(table) == [[text.replace("\n", " ") for text in row] for row in rows]


def test_heading_over_an_underline_spans_the_columns_below() -> None:
    words = typeset(
        [["Model", "", "", "", ""], ["", "Recall", "Cost", "Recall", "Cost"]],
        [60, 40, 40, 40, 40],
        right=(1, 2, 3, 4),
    )
    words += line("Before", 147, 100) + line("After", 249, 100)
    words += typeset(
        [["small", "0.91", "12", "0.93", "14"], ["large", "0.95", "20", "0.97", "25"]],
        [60, 40, 40, 40, 40],
        right=(1, 2, 3, 4),
        origin=(50, 132),
    )
    rules = [Ruling(50, y, 310, y) for y in (97.0, 129.0, 162.0)]
    rules += [Ruling(120, 113, 210, 113), Ruling(220, 113, 310, 113)]
    table = structure(words, rules)
    assert (table.num_rows, table.num_cols) == (4, 5)
    spans = {cell.text: (cell.row, cell.col, cell.row_span, cell.col_span) for cell in table.cells}
    assert spans["Before"] == (0, 1, 1, 2)
    assert spans["After"] == (0, 3, 1, 2)
    assert spans["Model"] == (0, 0, 2, 1)
    assert table.otsl[:6] == ["ched", "ched", "lcel", "ched", "lcel", "nl"]
    assert table.otsl[6] == "ucel"


def test_label_centred_beside_rows_spans_them() -> None:
    words = typeset([["Kind", "Name", "Size"]], [50, 60, 40])
    words += typeset([[f"name{i}", f"{i}.5"] for i in range(5)], [60, 40], origin=(110, 116), right=(1,))
    words += line("big", 50, 116 + 16) + line("small", 50, 116 + 3.5 * 16)
    table = structure(words)
    spans = {cell.text: (cell.row, cell.row_span) for cell in table.cells if cell.col == 0 and cell.text}
    assert spans == {"Kind": (0, 1), "big": (1, 3), "small": (4, 2)}
    assert_valid(table, words)


def test_drawn_grid_merges_cells_that_no_ruling_parts() -> None:
    xs, ys = [50.0, 120.0, 200.0, 280.0], [100.0, 118.0, 136.0, 154.0]
    rules = [r for r in grid_lines(xs, ys) if not (not r.horizontal and r.x0 == 200)]
    rules.append(Ruling(200, 118, 200, 154))  # the heading spans the last two columns
    words = line("Kind", 55, 104) + line("Both values", 150, 104)
    for row, (kind, a, b) in enumerate([("red", "1", "2"), ("blue", "3", "4")]):
        y = 122.0 + 18 * row
        words += line(kind, 55, y) + line(a, 125, y) + line(b, 205, y)
    table = structure(words, rules)
    assert table.method == "rulings"
    assert [(c.text, c.col_span) for c in table.cells][:2] == [("Kind", 1), ("Both values", 2)]
    assert texts(table)[1:] == [["red", "1", "2"], ["blue", "3", "4"]]


def test_drawn_rows_hold_texts_of_several_lines() -> None:
    xs, ys = [50.0, 120.0, 260.0], [100.0, 118.0, 150.0, 182.0]
    words = line("Key", 55, 104) + line("Text", 125, 104)
    words += line("one", 55, 122) + line("Every line of", 125, 122) + line("This cell", 125, 134)
    words += line("two", 55, 154) + line("Belongs to", 125, 154) + line("One row", 125, 166)
    table = structure(words, grid_lines(xs, ys))
    assert texts(table)[1:] == [["one", "Every line of This cell"], ["two", "Belongs to One row"]]


def test_backgrounds_of_every_other_row_part_rows() -> None:
    rows = [["Name", "Remark"]] + [[f"Item {i}", "Some words\nMore words"] for i in range(6)]
    words = typeset(rows, [60, 100], pitch=14)
    tops = [100.0 + 14 + 26 * i for i in range(6)]
    shapes = [Box(48, top - 2, 222, top + 23) for top in tops[::2]]
    table = structure(words, shapes=shapes)
    assert texts(table) == [[text.replace("\n", " ") for text in row] for row in rows]


def test_contents_are_titles_and_page_numbers() -> None:
    words = line("Preface . . . . . . . . . . iii", 50, 100)
    words += line("1 Before the start .......... 1", 50, 114)
    words += line("A title that is so long that it", 50, 128) + line("takes two lines ...... 12", 70, 140)
    words += line("Part two", 50, 154) + line("2 After ......... 240", 50, 168)
    table = structure(words)
    assert table.method == "index"
    assert texts(table) == [
        ["Preface . . . . . . . . . .", "iii"],
        ["1 Before the start ..........", "1"],
        ["A title that is so long that it takes two lines ......", "12"],
        ["Part two", ""],
        ["2 After .........", "240"],
    ]


def test_right_to_left_cells_read_from_the_right() -> None:
    words = [
        Word("العربية", Box(100, 100, 130, 110), 10, 0),
        Word("اللغة", Box(133, 100, 160, 110), 10, 0),
        *line("12", 50, 100),
        *line("15", 50, 116),
        Word("كتاب", Box(135, 116, 160, 126), 10, 0),
    ]
    assert texts(structure(words)) == [["12", "اللغة العربية"], ["15", "كتاب"]]


class Model:
    """Stands for the network: answers with given tokens and boxes, and counts its calls."""

    def __init__(self, tokens: Sequence[str], boxes: Sequence[Box]) -> None:
        self.tokens, self.boxes = tokens, boxes
        self.batches: list[int] = []

    def __call__(self, pictures: np.ndarray) -> list[np.ndarray]:
        assert pictures.shape[1:] == (3, SIDE, SIDE)
        self.batches.append(len(pictures))
        chances = np.zeros((len(pictures), len(self.tokens) + 1, len(TOKENS)), np.float32)
        corners = np.zeros((len(pictures), len(self.tokens) + 1, 8), np.float32)
        boxes = iter(self.boxes)
        for step, token in enumerate([*self.tokens, "eos"]):
            chances[:, step, TOKENS.index(token)] = 0.9
            if token.startswith("<td"):
                box = next(boxes)
                corners[:, step] = [
                    v / SIDE for v in (box.l, box.t, box.r, box.t, box.r, box.b, box.l, box.b)
                ]
        return [corners, chances]


def crop_at(left: float, top: float) -> Crop:
    """A picture at one pixel a point, as large as the model's input."""
    return np.full((SIDE, SIDE, 3), 255, np.uint8), left, top, 1.0


def test_the_model_runs_once_for_all_tables_that_need_it() -> None:
    def uneven(top: float) -> list[Word]:
        rows = [["Kind", "", "", ""], ["one", "5", "6", "7"], ["two", "8", "9", "10"]]
        return typeset(rows, [40, 40, 40, 40], origin=(50, top))

    tables = [uneven(100), typeset(NUMBERS, [90, 60, 60, 60], right=(1, 2, 3), origin=(50, 300)), uneven(500)]
    words = [word for table in tables for word in table]
    model = Model(["<tr>", "<td></td>", "</tr>"], [Box(0, 0, 200, 200)])
    inputs = [
        TableInput(region(table), no_crop if i == 1 else lambda: crop_at(50, 100))
        for i, table in enumerate(tables)
    ]
    found = table_structures(inputs, page(words), words, model)
    assert model.batches == [2]
    assert texts(found[1]) == NUMBERS


def test_the_models_headings_go_on_top_of_the_words_columns() -> None:
    # "Score" begins where the first of three columns does: only a picture tells that it spans them.
    words = line("Name", 50, 108) + line("Score", 156, 100)
    words += typeset([["", "one", "two", "six"]], [60, 50, 50, 50], right=(1, 2, 3), origin=(50, 116))
    words += typeset(
        [["ann", "4.1", "5.1", "6.1"], ["bob", "4", "5", "6"]],
        [60, 50, 50, 50],
        right=(1, 2, 3),
        origin=(50, 132),
    )
    model = Model(
        [
            *(
                "<thead>",
                "<tr>",
                "<td",
                ' rowspan="2"',
                ">",
                "</td>",
                "<td",
                ' colspan="3"',
                ">",
                "</td>",
                "</tr>",
            ),
            *("<tr>", "<td></td>", "<td></td>", "<td></td>", "</tr>", "</thead>", "<tbody>"),
            *("<tr>", *["<td></td>"] * 4, "</tr>", "<tr>", *["<td></td>"] * 4, "</tr>", "</tbody>"),
        ],
        [Box(0, 5, 60, 22), Box(70, 0, 240, 12)]
        + [
            Box(x, y, x + 55, y + 12)
            for y in (15, 31, 47)
            for x in ((70, 130, 190) if y == 15 else (0, 70, 130, 190))
        ],
    )
    table = table_structure(TableInput(region(words), lambda: crop_at(50, 100)), page(words), words, model)
    spans = {cell.text: (cell.row, cell.col, cell.row_span, cell.col_span) for cell in table.cells}
    assert spans["Score"] == (0, 1, 1, 3)
    assert spans["Name"] == (0, 0, 2, 1)
    assert texts(table)[2:] == [["ann", "4.1", "5.1", "6.1"], ["bob", "4", "5", "6"]]
    assert_valid(table, words)


def plain_grid(rows: int, cols: int) -> Model:
    """A model that sees a grid without spans, its cells anywhere."""
    tokens = ["<tr>", *["<td></td>"] * cols, "</tr>"] * rows
    return Model(tokens, [Box(0, 0, 9, 9)] * (rows * cols))


def seconded(words: Sequence[Word], rulings: Sequence[Ruling], rows: int, cols: int) -> TableStructure:
    """A ruled table after a model has seen so many rows and columns in it."""
    table = TableInput(region(words, rulings), lambda: crop_at(50, 100))
    return table_structure(table, page(words, rulings), words, plain_grid(rows, cols))


def test_the_model_is_not_asked_about_a_table_that_its_words_explain() -> None:
    rows = [["Name", "one", "two"], ["ann", "4.1", "5.1"], ["", "4.2", "5.2"], ["bob", "4", "5"]]
    words = typeset(rows, [60, 50, 50], right=(1, 2))
    table = TableInput(region(words), no_crop)  # a row without a name may be a part of the one above
    found = table_structure(table, page(words), words, Model([], []))
    assert texts(found) == rows


def test_the_model_is_asked_where_a_drawn_grid_is_near_the_words() -> None:
    words = typeset(NUMBERS, [90, 60, 60, 60], right=(1, 2, 3))
    edges = [45.0, 145.0, 285.0, 355.0]  # two columns have no rule between them
    rules = grid_lines(edges, [97.0, 113.0, 129.0, 145.0, 161.0])
    model = plain_grid(4, 4)
    table_structure(
        TableInput(region(words, rules), lambda: crop_at(50, 100)), page(words, rules), words, model
    )
    assert model.batches == [1]


def test_the_model_is_not_asked_for_the_wide_spaces_of_justified_text() -> None:
    words: list[Word] = []
    for row in range(6):
        y = 100 + 16 * row
        words += [*line("Alpha", 50, y), *line("beta", 50 + width_of("Alpha") + 6.5, y)]
        for column in range(4):
            words += line(f"{row}.{column}", 160 + 60 * column, y)
    found = table_structure(TableInput(region(words), no_crop), page(words), words, Model([], []))
    assert (found.num_rows, found.num_cols) == (6, 5)
    assert found.score < 0.95


@pytest.mark.parametrize("drawn", [6, 5])
def test_the_model_is_asked_where_rulings_and_words_see_other_cells(drawn: int) -> None:
    rows = [[f"{i}{i}.{j}{i % 7}" for j in range(5)] for i in range(1, 9)]
    width = width_of("11.11")
    words = typeset(rows, [width] * 5, gap=8.5)  # so near to each other that it could be one cell
    edges = [46 + (width + 8.5) * column for column in range(6) if column < 2 or column > 7 - drawn]
    rules = grid_lines(edges, [97.0 + 16 * row for row in range(9)])
    model = plain_grid(8, 5)
    table = TableInput(region(words, rules), lambda: crop_at(50, 100))
    found = table_structure(table, page(words, rules), words, model)
    assert (len(edges), model.batches) == (drawn, [] if drawn == 6 else [1])
    assert texts(found) == rows


@pytest.mark.parametrize("underlined", [True, False])
def test_the_model_is_not_asked_what_heads_span_where_rules_show_it(underlined: bool) -> None:
    rows = [
        ["", "one", "two", "six"],
        ["ann", "4.1", "5.1", "6.1"],
        ["bob", "4", "5", "6"],
        ["cy", "7", "8", "9"],
    ]
    words = [*line("Score", 165, 76), *typeset(rows, [60, 50, 50, 50], right=(1, 2, 3))]
    rules = [Ruling(140, 88, 232, 88)] if underlined else []
    model = plain_grid(5, 4)
    table = TableInput(region(words, rules), lambda: crop_at(50, 76))
    found = table_structure(table, page(words, rules), words, model)
    assert model.batches == ([] if underlined else [1])
    assert any(cell.text == "Score" and cell.col_span == 2 for cell in found.cells) == underlined


def test_a_drawn_grid_of_the_models_shape_may_have_wide_gaps_within_its_cells() -> None:
    xs, ys = [50.0, 150.0, 260.0], [100.0, 118.0, 136.0, 154.0, 172.0]
    words = line("Question", 55, 104) + line("Answer", 155, 104)
    for row, question in enumerate(("Is the belt on", "Is the oven warm", "Is the door shut")):
        y = 122.0 + 18 * row
        words += line(question, 55, y) + line("yes", 155, y) + line("no", 210, y)
    table = seconded(words, grid_lines(xs, ys), 4, 2)
    assert (table.method, table.num_cols) == ("rulings", 2)
    assert texts(table)[1] == ["Is the belt on", "yes no"]


def test_a_drawn_grid_that_joins_every_row_loses_although_the_model_sees_its_shape() -> None:
    edges = [45.0, 145.0, 215.0, 285.0, 355.0]
    words = typeset(NUMBERS, [90, 60, 60, 60], right=(1, 2, 3))
    rules = [Ruling(edges[0], y, edges[-1], y) for y in (97.0, 113.0, 129.0, 145.0, 161.0)]
    rules += [Ruling(x, 97, x, 113) for x in edges]  # under the head nothing parts the columns
    table = seconded(words, rules, 4, 4)
    assert texts(table) == NUMBERS
    assert all(cell.col_span == 1 for cell in table.cells)


def test_a_region_without_words_is_an_empty_table() -> None:
    empty = Cluster(id=3, label="table", score=0.5, box=Box(0, 0, 100, 100))
    table = table_structure(TableInput(empty, no_crop), page([]), [])
    assert (table.region, table.num_rows, table.num_cols, table.cells) == (3, 0, 0, [])


def test_only_words_mostly_inside_belong_to_a_region() -> None:
    inside, outside = line("in", 50, 100)[0], line("out", 98, 100)[0]
    found = words_in(Cluster(id=0, label="table", score=1, box=Box(40, 90, 100, 120)), [inside, outside])
    assert found == [inside]


@pytest.mark.parametrize("seed", range(12))
def test_words_anywhere_make_a_valid_table(seed: int) -> None:
    chance = random.Random(seed)
    words = [
        word
        for _ in range(chance.randint(1, 60))
        for word in line(
            chance.choice(["a", "1,234", "$", "(5)", "several words here", "%", "."]),
            chance.uniform(0, 400),
            chance.choice([chance.uniform(0, 300), 16.0 * chance.randint(0, 12)]),
        )
    ]
    rules = [
        Ruling(x, y, x + chance.choice([0, 80]), y + chance.choice([0, 60]))
        for x, y in ((chance.uniform(0, 400), chance.uniform(0, 300)) for _ in range(chance.randint(0, 30)))
    ]
    assert_valid(structure(words, rules), words)


def test_broken_coordinates_do_not_raise() -> None:
    nan, inf = math.nan, math.inf
    words = [
        Word("a", Box(nan, 0, 5, 5), nan, -1),
        Word("b", Box(0, 0, 0, 0), 0, 99),
        Word("c", Box(-inf, 0, inf, 9), inf, 0),
        *line("d e", 10, 10),
    ]
    rules = [Ruling(nan, 0, 10, 0), Ruling(0, 0, inf, 0), Ruling(5, 5, 5, 5)]
    whole = Cluster(id=0, label="table", score=1, box=Box(0, 0, 600, 800))
    content = PageContent(number=1, width=0, height=0, words=words, rulings=rules)
    table = table_structure(TableInput(whole, no_crop), content, words)
    assert any("d" in cell.text for cell in table.cells)


@pytest.mark.parametrize("per_line", [5000, 20])
def test_a_huge_region_takes_steps_by_the_word(per_line: int) -> None:
    words = [
        Word("word", Box(x, y, x + 0.5, y + 1), 1, 0)
        for y in np.arange(0, 2 * 15000 // per_line, 2.0).tolist()
        for x in np.arange(per_line).tolist()
    ]
    taken, table = steps(lambda: structure(words))
    assert taken < 2500 * len(words)
    assert sum(len(cell.text.split()) for cell in table.cells) == len(words)


def test_cells_keep_docling_spans() -> None:
    table = structure(typeset(NUMBERS, [90, 60, 60, 60], right=(1, 2, 3)))
    assert all(isinstance(cell, TableCell) and cell.row_span == cell.col_span == 1 for cell in table.cells)


def test_dots_that_lead_to_several_values_make_no_contents() -> None:
    rows = [["", "2022", "2021"], ["Net income .......", "842", "790"], ["Depreciation .....", "310", "295"]]
    rows += [["Taxes ............", "42", "38"], ["Dividends ........", "150", "140"]]
    table = structure(typeset(rows, [110, 40, 40], right=(1, 2)))
    assert table.method == "whitespace"
    assert texts(table) == [[row[0].rstrip(" ."), *row[1:]] for row in rows]


def test_dots_that_lead_to_numbers_that_fall_make_no_contents() -> None:
    words = [
        word
        for at, (name, value) in enumerate(
            [("Oats", 842), ("Rye", 310), ("Hay", 942), ("Peas", 120), ("Corn", 77)]
        )
        for word in line(f"{name} .......... {value}", 50, 100 + 14 * at)
    ]
    assert structure(words).method != "index"
