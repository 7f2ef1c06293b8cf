from __future__ import annotations

from benchmarks.metrics.counts import Counts
from benchmarks.quality.grid import Grid, GridCell, grid_of
from benchmarks.quality.relations import compare_relations, relations, squeezed
from tests.benchmarks.handmade import grid


def cells(*given: tuple[int, int, int, int, str]) -> Grid:
    return tuple(GridCell(*cell) for cell in given)


def test_neighbours_are_the_nearest_cells_with_text() -> None:
    table = grid_of(grid([["a", "", "b"], ["", "c", ""]]))
    assert set(relations([table])) == {("a", "b", "right")}
    table = grid_of(grid([["a", "b"], ["", "c"], ["d", ""]]))
    assert dict(relations([table])) == {
        ("a", "b", "right"): 1,
        ("b", "c", "below"): 1,
        ("a", "d", "below"): 1,
    }


def test_a_spanning_cell_counts_once_with_the_same_neighbour() -> None:
    table = cells((0, 0, 0, 1, "head"), (1, 1, 0, 0, "x"), (1, 1, 1, 1, "y"), (0, 1, 2, 2, "side"))
    assert dict(relations([table])) == {
        ("head", "x", "below"): 1,
        ("head", "y", "below"): 1,
        ("head", "side", "right"): 1,
        ("x", "y", "right"): 1,
        ("y", "side", "right"): 1,
    }


def test_equal_texts_are_not_one_cell() -> None:
    assert dict(relations([grid_of(grid([["0", "0", "0"]]))])) == {("0", "0", "right"): 2}


def test_a_table_read_as_one_column_has_no_relation_right() -> None:
    truth = [grid_of(grid([["a", "b"], ["c", "d"]]))]
    found = [grid_of(grid([["a b"], ["c d"]]))]
    assert compare_relations(truth, found) == Counts(0, 4, 1)
    assert compare_relations(truth, truth) == Counts(4, 0, 0)
    assert compare_relations(truth, []) == Counts(0, 4, 0)


def test_texts_are_compared_without_punctuation_and_space() -> None:
    assert squeezed(" 1,234.5 (A) ") == squeezed("1234.5a") == "12345a"
    assert squeezed("−3") == squeezed("-3") == "3"
    assert squeezed("x^2") == squeezed("x²") == "x2"
    assert squeezed("A ± B") == "a±b"
    assert squeezed("...") == ""
