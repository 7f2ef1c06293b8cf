"""Expressions over samples; tests/acceptance holds all panels against a real Prometheus."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from docmill.pipeline.instance.dashboards.boards import DASHBOARDS
from docmill.pipeline.instance.dashboards.boards.cost import COST
from docmill.pipeline.instance.dashboards.boards.life import DOCUMENTS
from docmill.pipeline.instance.dashboards.boards.overview import OVERVIEW
from docmill.pipeline.instance.dashboards.boards.serving import SERVING
from docmill.pipeline.instance.dashboards.evaluating import evaluate
from docmill.pipeline.instance.dashboards.expressions import (
    Age,
    Expression,
    Growth,
    Latest,
    Metric,
    Named,
    Quantile,
    Ratio,
    Sum,
    promql,
)
from docmill.pipeline.instance.dashboards.panels import Dashboard
from docmill.pipeline.instance.metrics.samples import Sample, Samples, tracks

#: Scrapes every half a minute.
STEP = 30.0


def series(*scrapes: Sequence[Sample]) -> Samples:
    return tracks((STEP * number, scrape) for number, scrape in enumerate(scrapes))


def steady(seconds: float, **growth: float) -> Samples:
    """Counters that grow by so much in each scrape; a name is FAMILY__LABEL__VALUE."""

    def scrape(number: int) -> list[Sample]:
        found: list[Sample] = []
        for name, value in growth.items():
            family, *labels = name.split("__")
            pairs = tuple(zip(labels[::2], labels[1::2], strict=True))
            found.append((f"docmill_{family}_total", pairs, number * value))
        return found

    return series(*(scrape(number) for number in range(int(seconds / STEP))))


def counted(*values: float, **labels: str) -> Samples:
    return series(*([("work_total", tuple(labels.items()), value)] for value in values))


def at(expression: Expression, samples: Samples, moment: float) -> dict[tuple[str, ...], float]:
    found = evaluate(expression, samples, [moment])
    return {tuple(each.labels.values()): each.points[0][1] for each in found}


WORK = Metric("work_total")


def test_a_value_holds_until_it_is_gone_or_nobody_has_looked_for_long() -> None:
    waits = Latest(Metric("waits"))
    samples = series([("waits", (("lane", "a"),), 1.0), ("waits", (), 7.0)], [("waits", (), 8.0)])
    assert at(waits, samples, 29.0) == {("a",): 1, (): 7}
    assert at(waits, samples, 30.0) == {(): 8}
    assert at(waits, samples, 329.0) == {(): 8}
    assert at(waits, samples, 331.0) == {}
    assert at(waits, samples, -1.0) == {}
    assert at(Latest(Metric("waits"), ()), samples, 1.0) == {(): 8}
    assert at(Age(Metric("waits")), samples, 100.0) == {(): 92}


def test_growth_is_over_resets_and_extrapolated_to_the_ends_of_the_window() -> None:
    even = counted(*range(0, 100, 3))
    assert at(Growth(WORK, "5m"), even, 907.0)[()] == pytest.approx(0.1)
    assert at(Growth(WORK, "5m", a_second=False), even, 907.0)[()] == pytest.approx(30)
    # no sample tells of before the counter was 0
    assert at(Growth(WORK, "5m", a_second=False), counted(0, 3), 30.0)[()] == pytest.approx(3)
    assert at(Growth(WORK, "5m", a_second=False), counted(60, 70, 5, 6), 90.0)[()] == pytest.approx(
        16 * (90 + 15) / 90
    )
    assert at(Growth(WORK, "5m"), counted(5), 10.0) == {}
    assert at(Growth(WORK, "1h", grown=True), counted(5, 5), 40.0) == {}


def test_series_are_added_up_by_labels_and_those_that_are_excluded_are_not() -> None:
    samples = series(
        *(
            [
                ("work_total", (("stage", stage), ("outcome", outcome)), number * by)
                for stage, outcome, by in (("a", "good", 2.0), ("a", "bad", 1.0), ("b", "bad", 4.0))
            ]
            for number in range(30)
        )
    )
    by_stage = at(Growth(WORK, "5m", ("stage",)), samples, 807.0)
    assert by_stage == {("a",): pytest.approx(0.1), ("b",): pytest.approx(4 / 30)}
    bad = Metric("work_total", (("outcome", "bad"),))
    assert at(Growth(bad, "5m", ("stage",)), samples, 807.0)["a",] == pytest.approx(1 / 30)
    good = Metric("work_total", but=(("outcome", "bad"),))
    assert at(Growth(good, "5m", ("stage",)), samples, 807.0) == {("a",): pytest.approx(2 / 30)}
    share = Ratio(Growth(bad, "5m", ("stage",)), Growth(WORK, "5m", ("stage",)))
    assert at(share, samples, 807.0) == {("a",): pytest.approx(1 / 3), ("b",): pytest.approx(1)}
    of_all = Ratio(Growth(bad, "5m", ("stage",)), Growth(WORK, "5m"), only=True, times=70.0)
    assert at(of_all, samples, 807.0) == {("a",): pytest.approx(10), ("b",): pytest.approx(40)}
    twice = Sum(Growth(bad, "5m", ("stage",)), Growth(WORK, "5m", ("stage",)))
    assert at(twice, samples, 807.0)["b",] == pytest.approx(8 / 30)


def test_what_did_not_happen_has_no_share() -> None:
    still = counted(5, 5, 5)
    assert at(Ratio(Growth(WORK, "5m"), Growth(WORK, "5m")), still, 60.0) == {}
    assert at(Ratio(Latest(WORK), Growth(WORK, "5m")), still, 60.0) == {(): math.inf}
    assert at(Ratio(Growth(WORK, "5m"), Growth(Metric("other"), "5m"), only=True), still, 60.0) == {}


@pytest.mark.parametrize(("share", "value"), [(0.1, 0.2), (0.5, 1.0), (0.6, 1.4), (0.75, 2.0), (0.9, 2.0)])
def test_a_quantile_is_within_its_bucket(share: float, value: float) -> None:
    """Each time 4 below 1 are observed, 2 from 1 to 2, and 2 beyond."""
    buckets = {"+Inf": 8.0, "1.0": 4.0, "2.0": 6.0}
    samples = series(
        *(
            [("took_bucket", (("le", bound),), number * count) for bound, count in buckets.items()]
            for number in range(20)
        )
    )
    takes = Quantile(share, Metric("took_bucket"), "5m", ())
    assert at(takes, samples, 507.0)[()] == pytest.approx(value)


def test_prometheus_is_asked_the_same() -> None:
    failed = Metric("docs_total", (("outcome", "failed"),), (("reason", ""),))
    assert promql(Growth(failed, "1h")) == 'sum(rate(docs_total{outcome="failed",reason!=""}[1h]))'
    assert promql(Named("a:b", Latest(WORK))) == "a:b"
    grown = Growth(WORK, "1d", ("a", "b"), a_second=False, grown=True)
    assert promql(grown) == "sum by (a, b) (increase(work_total[1d])) > 0"
    a_page = Ratio(Growth(WORK, "5m", ("a",)), Growth(WORK, "5m"), only=True, times=1e6)
    assert promql(a_page) == (
        "1e+06 * sum by (a) (rate(work_total[5m])) / on () group_left () sum(rate(work_total[5m]))"
    )
    took = Quantile(0.95, Metric("took_bucket"), "1h", ("stage",))
    assert promql(took) == "histogram_quantile(0.95, sum by (stage, le) (rate(took_bucket[1h])))"
    both = Ratio(Latest(WORK), Sum(Latest(WORK, ("a",)), Age(WORK)))
    assert promql(both) == "work_total / (sum by (a) (work_total) + time() - work_total)"


def panel(dashboard: Dashboard, title: str) -> Expression:
    """The only expression of a panel."""
    [found] = [each for row in dashboard.rows for each in row.panels if each.title == title]
    [query] = found.queries
    assert not isinstance(query.expr, str)
    return query.expr


def test_panels_show_what_they_say() -> None:
    spent = steady(
        3600.0,
        device_seconds__model__heron=3.0,
        overhead_device_seconds__model__heron=1.0,
        device_seconds__model__slanet=0.0,
        overhead_device_seconds__model__slanet=2.0,
        breaker_openings__model__heron=1.0,
    )
    share = at(panel(COST, "Their share of all device seconds"), spent, 3597.0)
    assert share == {("heron",): pytest.approx(0.25), ("slanet",): pytest.approx(1.0)}
    given_up = at(panel(SERVING, "Times that workers gave a server up, of an hour"), spent, 3597.0)
    assert given_up["heron",] == pytest.approx(119.9)
    ends = steady(3600.0, documents__outcome__converted=3.0, documents__outcome__failed=1.0)
    assert at(panel(OVERVIEW, "Failed, last hour"), ends, 3597.0) == {(): pytest.approx(0.25)}
    text = steady(3600.0, characters__fate__read=200.0, characters__fate__lost=1.0)
    assert at(panel(DOCUMENTS, "Letters and digits"), text, 3597.0) == {("lost",): pytest.approx(0.005)}


def test_only_servers_own_figures_need_a_prometheus() -> None:
    for dashboard in DASHBOARDS:
        for row in dashboard.rows:
            for each in row.panels:
                written = {isinstance(query.expr, str) for query in each.queries}
                assert written == {each.of not in ("docmill", "device")}, each.title
