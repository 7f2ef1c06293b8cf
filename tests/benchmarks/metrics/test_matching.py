from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.metrics.matching import Edge, match_best_first, match_most

node = st.integers(0, 4)
edge_lists = st.lists(st.tuples(node, node, st.floats(0, 1)), max_size=9, unique_by=lambda edge: edge[:2])


def most_pairs(edges: list[Edge]) -> int:
    for count in range(min(len(edges), 5), 0, -1):
        for chosen in combinations(edges, count):
            if len({e[0] for e in chosen}) == count == len({e[1] for e in chosen}):
                return count
    return 0


@given(edge_lists)
def test_match_most_is_one_to_one_and_as_big_as_any(edges: list[Edge]) -> None:
    matched = match_most(edges)
    assert set(matched.items()) <= {edge[:2] for edge in edges}
    assert len(set(matched.values())) == len(matched) == most_pairs(edges)


@given(edge_lists)
def test_match_most_is_the_likeliest_of_the_biggest(edges: list[Edge]) -> None:
    likeness = {edge[:2]: edge[2] for edge in edges}
    count = most_pairs(edges)
    sums = [
        sum(edge[2] for edge in chosen)
        for chosen in combinations(edges, count)
        if len({e[0] for e in chosen}) == count == len({e[1] for e in chosen})
    ]
    assert sum(likeness[pair] for pair in match_most(edges).items()) == pytest.approx(max(sums))


def test_best_first_keeps_the_likeliest_pair_even_when_it_blocks_others() -> None:
    edges = [(0, 0, 0.9), (0, 1, 0.8), (1, 0, 0.8)]
    assert match_best_first(edges) == {0: 0}
    assert match_most(edges) == {0: 1, 1: 0}


def test_match_most_prefers_likely_pairs_where_it_costs_none() -> None:
    assert match_most([(0, 0, 0.5), (0, 1, 0.9), (1, 0, 0.9), (1, 1, 0.5)]) == {0: 1, 1: 0}


def test_a_long_chain_of_moves_is_followed() -> None:
    count = 300
    edges = [(i, i, 0.9) for i in range(count)] + [(i + 1, i, 0.95) for i in range(count)]
    assert len(match_most(edges)) == count
