from __future__ import annotations

from collections.abc import Sequence

import pytest
from docling_core.types.doc import TableData
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.metrics import teds as teds_module
from benchmarks.metrics.counts import Counts
from benchmarks.metrics.tables import compare_cells, compare_tables
from benchmarks.metrics.teds import table_tree, teds
from tests.benchmarks.handmade import blank, cell, grid, with_tables

LEFT = (50, 100, 250, 300)
RIGHT = (350, 100, 550, 300)
THREE_BY_TWO = [["Name", "Mass"], ["Sun", "1.99"], ["Moon", "0.07"]]  # 9 nodes below the root


def similarity(truth: TableData, predicted: TableData, *, with_text: bool = True) -> float:
    trees = (table_tree(table, with_text=with_text) for table in (truth, predicted))
    return teds(*trees).value


def test_the_same_table_is_perfect() -> None:
    assert similarity(grid(THREE_BY_TWO), grid(THREE_BY_TWO)) == 1.0


def test_one_wrong_cell_costs_its_share_of_text() -> None:
    wrong = [["Name", "Mass"], ["Sun", "1.99"], ["Noon", "0.07"]]  # one of 4 letters
    assert similarity(grid(THREE_BY_TWO), grid(wrong)) == pytest.approx(1 - 0.25 / 9)
    assert similarity(grid(THREE_BY_TWO), grid(wrong), with_text=False) == 1.0


def test_a_missing_row_costs_its_nodes() -> None:
    assert similarity(grid(THREE_BY_TWO), grid(THREE_BY_TWO[:2])) == pytest.approx(1 - 3 / 9)
    assert similarity(grid(THREE_BY_TWO[:2]), grid(THREE_BY_TWO)) == pytest.approx(1 - 3 / 9)


def test_a_wrong_span_costs_the_cell_and_what_it_swallows() -> None:
    spanning = TableData(
        num_rows=2, num_cols=2, table_cells=[cell(0, 0, "ab", columns=2), cell(1, 0, "c"), cell(1, 1, "d")]
    )
    plain = grid([["ab", ""], ["c", "d"]])  # 6 nodes: one renamed, one inserted
    assert similarity(spanning, plain) == pytest.approx(1 - 2 / 6)
    assert similarity(spanning, plain, with_text=False) == pytest.approx(1 - 2 / 6)


def test_cells_that_the_table_does_not_list_are_empty_cells() -> None:
    sparse = TableData(num_rows=2, num_cols=2, table_cells=[cell(0, 0, "a")])
    assert similarity(sparse, grid([["a", ""], ["", ""]])) == 1.0


def test_an_empty_table_has_nothing_of_a_full_one() -> None:
    empty = TableData(num_rows=0, num_cols=0)
    assert similarity(grid(THREE_BY_TWO), empty) == 0.0
    assert similarity(empty, empty) == 1.0


tables = st.lists(
    st.lists(st.sampled_from(["", "a", "ab", "b"]), min_size=3, max_size=3), min_size=1, max_size=4
)


@settings(deadline=None, max_examples=60)
@given(tables, tables)
def test_big_tables_get_a_lower_bound(rows: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> None:
    truth, predicted = (table_tree(grid(table), with_text=True) for table in (rows, others))
    exact = teds(truth, predicted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teds_module, "EXACT_PAIRS", 0)
        bound = teds(truth, predicted)
    assert exact.exact
    assert bound.exact is (truth == predicted)
    assert 0 <= bound.value <= exact.value + 1e-9


def test_a_row_missing_from_a_big_table() -> None:
    rows = [[str(row), f"{row * row}"] for row in range(400)]  # 1200 nodes below the root
    trees = [table_tree(grid(table), with_text=True) for table in (rows, rows[:200] + rows[201:])]
    result = teds(*trees)
    assert result.value == pytest.approx(1 - 3 / 1200)
    assert not result.exact


def test_cells_are_a_bag_over_all_tables() -> None:
    truth = with_tables([(grid([["a", "a"], ["b", ""]]), LEFT), (grid([["c"]]), RIGHT)])
    predicted = with_tables([(grid([["a", "c "], [" ", "x"]]), LEFT)])
    assert compare_cells(truth, predicted) == Counts(2, 2, 1)


def test_tables_are_paired_by_place() -> None:
    truth = with_tables([(grid(THREE_BY_TWO), LEFT), (grid([["p", "q"]]), RIGHT)])
    predicted = with_tables([(grid([["p", "q"]]), RIGHT), (grid(THREE_BY_TWO), (50, 100, 250, 280))])
    scores = compare_tables(truth, predicted)
    assert [table.teds for table in scores.tables] == [1.0, 1.0]
    assert scores.tables[0].iou == pytest.approx(0.9)
    assert scores.extra == 0


def test_a_table_without_a_partner_scores_zero_and_extra_ones_are_counted() -> None:
    truth = with_tables([(grid(THREE_BY_TWO), LEFT)])
    predicted = with_tables([(grid(THREE_BY_TWO), RIGHT)])
    scores = compare_tables(truth, predicted)
    assert [(table.teds, table.teds_structure) for table in scores.tables] == [(0.0, 0.0)]
    assert scores.extra == 1
    assert compare_tables(blank(), predicted).tables == []


def test_a_split_table_pairs_with_its_bigger_part() -> None:
    truth = with_tables([(grid(THREE_BY_TWO), LEFT)])
    parts = with_tables(
        [(grid(THREE_BY_TWO[:1]), (50, 100, 250, 160)), (grid(THREE_BY_TWO[1:]), (50, 170, 250, 300))]
    )
    scores = compare_tables(truth, parts)
    assert scores.tables[0].teds == pytest.approx(1 - 3 / 9)
    assert scores.extra == 1
