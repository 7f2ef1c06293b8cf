"""Every chart with every file of values: Helm takes it, Kubernetes would, and its parts fit together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from tests.charts.checks.everything import problems_of
from tests.charts.checks.promql import check_metrics, check_syntax
from tests.charts.exported import KNOWN
from tests.charts.launched import launched
from tests.charts.rendering import CHARTS, Rendered, cases_of
from tests.support.monitoring import program

#: What a chart refers to and others make, by the chart.
OUTSIDE: Mapping[str, Collection[tuple[str, str]]] = {
    "serving": {("Secret", "database"), ("PersistentVolumeClaim", "weights")},
}

pytestmark = pytest.mark.charts

ALL = [str(case) for chart in sorted(CHARTS.iterdir()) if chart.is_dir() for case in cases_of(chart)]


@pytest.mark.parametrize("case", ALL)
def test_helm_renders_it(rendered: dict[str, Rendered], case: str) -> None:
    assert rendered[case].error == ""
    assert rendered[case].objects
    assert rendered[case].lint == ()


@pytest.mark.parametrize("case", ALL)
def test_every_version_of_kubernetes_knows_its_fields(rendered: dict[str, Rendered], case: str) -> None:
    assert rendered[case].problems == ()


@pytest.mark.parametrize("case", ALL)
def test_its_parts_fit_together(rendered: dict[str, Rendered], case: str, tmp_path: Path) -> None:
    outside = OUTSIDE.get(rendered[case].case.chart.name, ())
    objects = rendered[case].objects
    assert problems_of([*objects, *launched(objects, tmp_path)], outside) == []


@pytest.mark.parametrize("case", ALL)
def test_its_queries_parse_and_read_what_is_exported(
    rendered: dict[str, Rendered], case: str, tmp_path: Path
) -> None:
    objects = rendered[case].objects
    assert list(check_metrics(objects, KNOWN)) == []
    assert list(check_syntax(objects, program("promtool"), tmp_path)) == []
