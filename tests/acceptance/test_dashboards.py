"""The dashboards without a Prometheus show what one shows, and the exporter's growth is seen by one."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from docmill.pipeline.cli.dashboard import write_dashboard
from docmill.pipeline.instance.dashboards.boards import DASHBOARDS
from docmill.pipeline.instance.dashboards.evaluating import evaluate
from docmill.pipeline.instance.dashboards.expressions import Expression, Named, Ratio, promql
from docmill.pipeline.instance.metrics.exporter import Exporter, Part
from docmill.pipeline.instance.metrics.history import History
from docmill.pipeline.instance.metrics.standing import Gauge
from docmill.pipeline.instance.metrics.tally import Tally
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.reporting.metadata import outcome_metadata
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.results.step_accounts import Overhead
from docmill.resources.clients.prometheus import Prometheus, Series
from docmill.resources.local.server_process import free_ports
from tests.acceptance.serving import ROOT
from tests.support.monitoring import PrometheusServer, program, until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(480)]

STAGES = {"layout": "heron", "tables": "slanet"}
SCRAPES, EVERY_S = 480, 30.0
#: Between scrapes, so that none is at the end of a window: of those versions of Prometheus differ.
OFF_S = 7.0


class Working:
    """An installation at work, as its exporter sees it: figures by chance, always the same."""

    def __init__(self) -> None:
        self.tally = Tally(now=1.0)  # all are 0 at first: how a counter is begun is what versions differ in
        self._chance = random.Random(7)
        for stage, model in STAGES.items():
            for family in ("stage_reused", "cpu_seconds", "overhead_cpu_seconds", "worker_seconds"):
                self.tally.begin(f"docmill_{family}", stage)
            for family in ("device_seconds", "overhead_device_seconds", "breaker_openings"):
                self.tally.begin(f"docmill_{family}", stage, model)
            for outcome in ("converted", "failed"):
                self.tally.begin("docmill_stage_documents", stage, outcome)
            self.tally.begin("docmill_cost", stage, "EUR")
            self.tally.observe("docmill_stage_duration_seconds", 3.0, stage)
        for outcome, reason in (("converted", ""), ("failed", "timed_out"), ("quarantined", "encrypted")):
            self.tally.begin("docmill_documents", outcome, reason)
            self.tally.begin("docmill_pages", outcome)
        for fate in ("read", "lost"):
            self.tally.begin("docmill_characters", fate)
        for status in ("success", "failure"):
            self.tally.begin("docmill_runs", "convert_documents", status)
        for family in ("lost_workers", "retries", "rejections"):
            self.tally.begin(f"docmill_{family}", "layout")

    def work(self) -> None:
        """Half a minute of it."""
        self.tally.ripened(math.inf)
        add, some = self.tally.add, self._chance.random
        for stage, model in STAGES.items():
            add("docmill_stage_documents", self._chance.randint(0, 4), stage, "converted")
            add("docmill_stage_documents", float(some() < 0.1), stage, "failed")
            add("docmill_stage_reused", float(some() < 0.3), stage)
            for family in ("cpu_seconds", "overhead_cpu_seconds", "worker_seconds"):
                add(f"docmill_{family}", 9 * some(), stage)
            add("docmill_device_seconds", some(), stage, model)
            add("docmill_overhead_device_seconds", some() / 9, stage, model)
            add("docmill_breaker_openings", float(some() < 0.01), stage, model)
            add("docmill_cost", some() / 100, stage, "EUR")
            self.tally.observe("docmill_stage_duration_seconds", 20 * some(), stage)
        for outcome, reason in (("converted", ""), ("failed", "timed_out"), ("quarantined", "encrypted")):
            add("docmill_documents", self._chance.randint(0, 4), outcome, reason)
            add("docmill_pages", self._chance.randint(0, 40), outcome)
        add("docmill_characters", self._chance.randint(1000, 9000), "read")
        add("docmill_characters", self._chance.randint(0, 9), "lost")
        add("docmill_runs", 1, "convert_documents", self._chance.choice(("success", "failure")))
        for family in ("lost_workers", "retries", "rejections"):
            add(f"docmill_{family}", float(some() < 0.2), "layout")

    def standing(self, now: datetime) -> Iterator[Gauge]:
        """How things stand."""
        some, at = self._chance.random, now.timestamp()
        for family in ("waiting_pages", "stuck_runs", "store_bytes", "database_bytes", "run_log_bytes"):
            yield Gauge(f"docmill_{family}", round(1e6 * some()))
        yield Gauge("docmill_daemon_heartbeat_timestamp_seconds", at - 30 * some())
        for state, lane in (("queued", "inbox"), ("queued", "backfill"), ("running", "inbox")):
            yield Gauge("docmill_batches", self._chance.randint(0, 9), (state, lane))
        for state in ("queued", "running"):
            yield Gauge("docmill_oldest_batch_timestamp_seconds", at - 900 * some(), (state,))
        for state in ("queued", "failed"):
            yield Gauge("docmill_ledger_documents", self._chance.randint(0, 900), (state,))
        yield Gauge("docmill_inbox_files", self._chance.randint(0, 9), ("batch",))
        yield Gauge("docmill_overdue_batches", self._chance.randint(0, 9), ("failed",))
        yield Gauge("docmill_backfill_batches", self._chance.randint(0, 9), ("abcdef", "queued"))
        for ticker, kind in (("new_pdfs", "sensor"), ("nightly", "schedule")):
            yield Gauge("docmill_ticker_failures", self._chance.randint(0, 3), (ticker, kind))
            yield Gauge("docmill_ticker_good_timestamp_seconds", at - 60 * some(), (ticker, kind))
        yield Gauge("docmill_free_bytes", 1e9 * some(), ("store",))
        yield Gauge("docmill_budget_per_day", 40.0, ("EUR",))
        for stage, model in STAGES.items():
            yield Gauge("docmill_breaker_open", float(some() < 0.1), (stage, model))


def scrape_both(history: History, text: Path, end: datetime) -> datetime:
    """Keep hours of scrapes in the history, and write the same for promtool; says when they begin.

    The exporter is away for a while, and its counters begin anew once.
    """
    start = end - timedelta(seconds=SCRAPES * EVERY_S)
    working, moment = Working(), [start]
    exporter = Exporter([Part("instance", 0.0, lambda _: working.standing(moment[0]))], lambda: working.tally)
    with text.open("w") as lines:
        for number in range(SCRAPES):
            moment[0] = start + timedelta(seconds=number * EVERY_S)
            if number == 300:
                working = Working()
            if 200 <= number < 220:
                working.work()
                continue
            exporter.refresh()
            metrics = list(exporter.collect())
            history.keep(moment[0], metrics)
            for sample in (sample for metric in metrics for sample in metric.samples):
                labels = ",".join(f'{label}="{value}"' for label, value in sample.labels.items())
                lines.write(f"{sample.name}{{{labels}}} {sample.value!r} {moment[0].timestamp()!r}\n")
            working.work()
        lines.write("# EOF\n")
    return start


def expressions() -> list[Expression]:
    """Those of all panels of docmill's own metrics."""
    return [
        query.expr
        for dashboard in DASHBOARDS
        for row in dashboard.rows
        for panel in row.panels
        for query in panel.queries
        if not isinstance(query.expr, str)
    ]


def spelled(expression: Expression) -> str:
    """In Prometheus' language, without names of recording rules."""
    return promql(expression.rule if isinstance(expression, Named) else expression)


def numbers(series: list[Series]) -> dict[tuple[frozenset[tuple[str, str]], int], float]:
    """Those that there are, by labels and moment."""
    return {
        (frozenset((k, v) for k, v in each.labels.items() if k != "__name__"), round(at)): value
        for each in series
        for at, value in each.points
        if not math.isnan(value)
    }


def test_every_panel_shows_without_a_prometheus_what_it_shows_with_one(tmp_path: Path) -> None:
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    history, text = History(tmp_path / "metrics.sqlite"), tmp_path / "scrapes.txt"
    start = scrape_both(history, text, minute - timedelta(hours=1))
    folder = tmp_path / "prometheus"
    command = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text)]
    subprocess.run([*command, str(folder / "data")], check=True, capture_output=True)
    first, last, step_s = start + timedelta(seconds=OFF_S), minute - timedelta(minutes=50), 150.0
    steps = int((last - first).total_seconds() / step_s)
    moments = [first.timestamp() + step * step_s for step in range(steps + 1)]
    samples = history.read(start, last)
    compared = 0
    with PrometheusServer(folder, {}) as prometheus:
        asked = Prometheus(prometheus.url)
        for expression in expressions():
            with_it = numbers(asked.query_range(spelled(expression), first, last, step_s))
            without = numbers(evaluate(expression, samples, moments))
            assert without.keys() == with_it.keys(), spelled(expression)
            assert without == pytest.approx(with_it, rel=1e-9), spelled(expression)
            assert with_it, f"nothing is compared by {spelled(expression)}"
            compared += len(with_it)
        # the exporter was away for longer than a value holds
        assert asked.query_range("absent(docmill_waiting_pages)", first, last, step_s)
    assert compared > 5000


def test_recording_rules_keep_what_their_panels_mean(tmp_path: Path) -> None:
    named = [each for each in expressions() if isinstance(each, Named)]
    named += [each.part for each in expressions() if isinstance(each, Ratio) and isinstance(each.part, Named)]
    assert named
    with PrometheusServer(tmp_path / "prometheus", {}) as prometheus:
        groups = prometheus.get("/api/v1/rules")["data"]["groups"]
    kept = {rule["name"]: rule["query"] for group in groups for rule in group["rules"]}
    for each in named:
        assert kept[each.name].replace(" ", "") == promql(each.rule).replace(" ", "")


def test_the_first_batch_of_a_model_grows_its_counters_and_is_in_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, page = tmp_path / "home", tmp_path / "page.html"
    for name in [name for name in os.environ if name.startswith(("DOCMILL", "DAGSTER"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DOCMILL_HOME", str(home))
    [port] = free_ports("127.0.0.1", {"": 0})
    command = [sys.executable, "-m", "docmill.pipeline.cli", "metrics", "--port", str(port), "--every", "1"]
    record = StageRecord(
        stage="layout", document="a", name="a.pdf", pages=[1], device_seconds={"heron": 0.25}
    )
    metadata = outcome_metadata([record], 4.0, overhead=Overhead({"heron": 0.5}, retries=1))
    exporting = subprocess.Popen(command, cwd=ROOT)
    try:
        with PrometheusServer(tmp_path / "prometheus", {"docmill": f"127.0.0.1:{port}"}) as prometheus:
            until(90, lambda: prometheus.value("docmill_waiting_pages") == 0, "the exporter is scraped")
            with open_instance() as instance:
                instance.report_runless_asset_event(dg.AssetMaterialization("layout", metadata=metadata))
            name = 'docmill_device_seconds_total{model="heron"}'
            until(120, lambda: prometheus.value(name) == 0.25, name)
            for family, value in (("device_seconds", 0.25), ("overhead_device_seconds", 0.5)):
                grown = prometheus.value(f'increase(docmill_{family}_total{{model="heron"}}[10m])')
                assert grown == pytest.approx(value, rel=0.1)
            shown = '<li title="heron"'

            def drawn() -> bool:
                write_dashboard(None, timedelta(hours=1), page)
                return shown in page.read_text()

            until(60, drawn, "the history has the model")
    finally:
        exporting.terminate()
        exporting.wait(60)
    assert "metrics.sqlite" in page.read_text()
