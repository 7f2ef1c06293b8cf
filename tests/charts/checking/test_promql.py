"""Queries in charts: the metrics that they read, and whether Prometheus can parse them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.charts.checking.sample import put, sample
from tests.charts.checks.promql import check_metrics, check_syntax, metrics_in, queries
from tests.charts.exported import KNOWN
from tests.support.monitoring import program

QUERY = "spec>triggers>0>metadata>query"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (
            'sum by (model) (rate(a_total{model=~"x|b{1}"}[5m])) / on (c) group_left (d) sum(e:f)',
            {"a_total", "e:f"},
        ),
        ("(max_over_time(a[10m:1m] offset 5m) > bool 3) or vector(0) unless b", {"a", "b"}),
        ('label_replace(up, "job", "$1", \'x\', "(.*)") and on () c == 1e6', {"up", "c"}),
        ("vector(0)", set()),
    ],
)
def test_the_metrics_of_a_query(query: str, names: set[str]) -> None:
    assert metrics_in(query) == names


def test_metrics_that_nobody_exports_are_said() -> None:
    assert list(check_metrics(sample(), KNOWN)) == []
    wrong = put("ScaledObject", QUERY, "sum(docmill_pages_waiting)")
    assert list(check_metrics(wrong, KNOWN)) == ["ScaledObject/server: nobody exports docmill_pages_waiting"]
    assert list(check_metrics(put("ScaledObject", QUERY, "vector(1)"), KNOWN))


def test_rules_are_queries_too() -> None:
    rules = [{"alert": "A", "expr": "a > 0"}, {"record": "b", "expr": "sum(a)"}]
    thing = {
        "kind": "PrometheusRule",
        "metadata": {"name": "r"},
        "spec": {"groups": [{"name": "g", "rules": rules}]},
    }
    assert [(each.where, each.text) for each in queries([thing])] == [
        ("PrometheusRule/r A", "a > 0"),
        ("PrometheusRule/r b", "sum(a)"),
    ]


def test_prometheus_own_parser_is_asked(tmp_path: Path) -> None:
    assert list(check_syntax(sample(), program("promtool"), tmp_path)) == []
    [told] = check_syntax(put("ScaledObject", QUERY, "sum(up"), program("promtool"), tmp_path)
    assert "unclosed left parenthesis" in told
