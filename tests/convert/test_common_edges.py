"""Things at one edge."""

from __future__ import annotations

from docmill.pipeline.convert.common_edges import by_edge


def test_groups_by_the_next_edge() -> None:
    assert by_edge([30.0, 10.0, 12.0, 14.0, 33.5], lambda edge: edge, 2.5) == [
        [10.0, 12.0, 14.0],
        [30.0],
        [33.5],
    ]


def test_keeps_the_order_of_what_has_one_edge() -> None:
    assert by_edge(["bb", "a", "cc"], len, 0.5) == [["a"], ["bb", "cc"]]


def test_nothing_has_no_groups() -> None:
    assert by_edge([], float, 1.0) == []
