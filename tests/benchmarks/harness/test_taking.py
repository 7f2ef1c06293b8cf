"""Figures out of the JSON of benchmarks, which all look different."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.harness.result import Curve, Figure
from benchmarks.harness.taking import Drawn, PathError, Taken, curve, figures

REPORT: dict[str, Any] = {
    "runs": [
        {"ratio": 0.9, "documents": 1},
        {"ratio": 0.8, "documents": 16},
        {"ratio": 1.0, "documents": 64},
    ],
    "stages": {"pages": {"requests": 3}, "ocr": {"requests": None}},
    "tornado": {"cheap": [["price", 0.75, 1.25]]},
    "cases": [{"verdict": "right"}, {"verdict": "wrong"}, {"verdict": "right"}],
    "held": [{"pages": 20, "moments": [{"s": 2.0, "mb": 5}, {"s": 1.0, "mb": 4}, {"s": 3.0, "mb": None}]}],
}


def taken(path: str, **more: Any) -> list[Figure]:
    return figures(REPORT, [Taken("{0}", path, **more) if "[" in path else Taken("it", path, **more)])


def test_rounds_are_one_figure_with_its_spread() -> None:
    assert taken("runs.*.ratio", ratio="a to b") == [
        Figure("it", 0.9, rounds=3, least=0.8, most=1.0, ratio="a to b")
    ]


def test_what_a_path_goes_over_gives_a_figure_each_its_name() -> None:
    assert [(each.name, each.value) for each in taken("runs[documents].ratio")] == [
        ("1", 0.9),
        ("16", 0.8),
        ("64", 1.0),
    ]
    assert [each.name for each in taken("stages[].requests", optional=True)] == ["pages"]


def test_places_in_lists_are_numbers_and_units_can_be_others() -> None:
    assert taken("tornado[].[0].2", minus=1, scale=100) == [Figure("cheap", 25.0)]


def test_what_there_is_can_be_counted() -> None:
    assert [taken(path)[0].value for path in ("cases.#", "cases.#verdict=right")] == [3, 2]


@pytest.mark.parametrize(
    "path", ["gone", "runs.*.gone", "stages[].requests", "runs.3.ratio", "runs.*.ratio.#", "runs.*"]
)
def test_a_path_that_leads_nowhere_is_an_error_and_not_a_figure_less(path: str) -> None:
    with pytest.raises(PathError):
        taken(path)


def test_lines_are_in_order_and_without_gaps() -> None:
    drawn = Drawn("t", "held[pages].moments", "s", "seconds", "MB", {"all": "mb"})
    assert curve(REPORT, drawn) == Curve("t", "seconds", "MB", {"20, all": [(1.0, 4.0), (2.0, 5.0)]})
