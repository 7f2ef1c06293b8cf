"""Grids without holes, their tags, and words in cells."""

from __future__ import annotations

from docmill.pipeline.convert.tables.geometry.textlines import texts_of
from docmill.pipeline.convert.tables.otsl import otsl_tags
from docmill.pipeline.convert.tables.slanet.skeleton import MAX_COLS, Skeleton, Slot, filled
from docmill.pipeline.convert.tables.words_to_cells import match_words
from docmill.pipeline.convert.types import Box, TableCell, Word
from tests.convert.tables.table_setting import line


def test_overlaps_shrink_holes_fill_and_idle_columns_fold() -> None:
    grid = filled([Slot(0, 0, 1, 2), Slot(0, 1), Slot(1, 0), Slot(0, 4, 3, 1)], "x")
    assert (grid.num_rows, grid.num_cols) == (2, 2)
    assert [(s.row, s.col, s.row_span, s.col_span) for s in grid.slots] == [
        (0, 0, 1, 1),
        (0, 1, 2, 1),
        (1, 0, 1, 1),
    ]


def test_slots_beyond_the_bounds_are_dropped() -> None:
    assert filled([Slot(0, MAX_COLS), Slot(-1, 0)], "x").slots == []


def test_tags_of_a_block_that_spans_both_ways() -> None:
    cells = [
        TableCell(row=0, col=0, row_span=2, col_span=2, text="head", column_header=True),
        TableCell(row=0, col=2, text="a"),
        TableCell(row=1, col=2),
        TableCell(row=2, col=0, text="part", row_section=True),
        TableCell(row=2, col=1, text="name", row_header=True),
        TableCell(row=2, col=2, text="b"),
    ]
    assert otsl_tags(cells, 3, 3) == [
        *("ched", "lcel", "fcel", "nl"),
        *("ucel", "xcel", "ecel", "nl"),
        *("srow", "rhed", "fcel", "nl"),
    ]


def two_cells() -> Skeleton:
    return filled([Slot(0, 0, box=Box(0, 0, 50, 20)), Slot(0, 1, box=Box(50, 0, 100, 20))], "x")


def test_a_word_goes_where_most_of_it_lies() -> None:
    words = [Word("both", Box(40, 5, 80, 15), 10, 0)]
    assert [slot.words for slot in match_words(two_cells(), words).slots] == [(), (0,)]


def test_a_word_outside_goes_to_the_nearest_cell_and_rows_weigh_more() -> None:
    grid = filled([Slot(0, 0, box=Box(0, 0, 50, 20)), Slot(1, 0, box=Box(0, 40, 50, 60))], "x")
    words = [Word("above", Box(60, 22, 90, 30), 10, 0), Word("far", Box(400, 45, 420, 55), 10, 0)]
    assert [slot.words for slot in match_words(grid, words).slots] == [(0,), (1,)]


def test_words_that_a_slot_holds_stay() -> None:
    grid = filled([Slot(0, 0, box=Box(0, 0, 9, 9), words=(0,)), Slot(0, 1, box=Box(50, 0, 99, 9))], "x")
    words = line("kept", 60, 0) + line("new", 60, 0)
    assert [slot.words for slot in match_words(grid, words).slots] == [(0,), (1,)]


def test_cell_text_reads_line_by_line() -> None:
    words = line("second line", 50, 112) + line("the first", 50, 100)
    assert texts_of(words) == ["the first", "second line"]


def test_latin_words_inside_right_to_left_lines_keep_their_order() -> None:
    words = [
        *line("New York", 50, 100),
        Word("مدينة", Box(100, 100, 130, 110), 10, 0),
        Word("في", Box(135, 100, 150, 110), 10, 0),
        Word("هنا", Box(155, 100, 170, 110), 10, 0),
    ]
    assert texts_of(words) == ["هنا في مدينة New York"]
