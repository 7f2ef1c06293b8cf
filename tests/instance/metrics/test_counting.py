"""Counters of a real instance's log: once each, over restarts, and over a database that begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from docmill.pipeline.instance.metrics.counting import LogCounts
from docmill.pipeline.instance.metrics.exporter import Exporter
from docmill.pipeline.instance.metrics.families import COUNTERS, HISTOGRAMS
from docmill.pipeline.instance.metrics.state import Past, load_past
from docmill.pipeline.instance.metrics.tally import Tally
from docmill.pipeline.instance.reporting.metadata import failed_metadata, outcome_metadata
from docmill.pipeline.instance.reporting.spending import numbers_of, with_totals
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.results.step_accounts import Overhead
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.price import Price

STAGES = {"layout": dg.AssetKey("layout"), "exports": dg.AssetKey(["team", "exports"])}
RECORDS = [
    StageRecord(stage="x", document="a", name="a.pdf", pages=[1, 2], cpu_seconds=1.5, seconds=2.0),
    StageRecord(
        stage="x",
        document="b",
        name="b.pdf",
        status="partial",
        pages=[1],
        issues=[PageIssue(2, "layout", "timed_out", "")],
        device_seconds={"heron": 0.25},
    ),
    StageRecord(stage="x", document="c", name="c.pdf", status="quarantined", reason="encrypted"),
    StageRecord(stage="x", document="d", name="d.pdf", pages=[1, 2, 3], reused=True, cpu_seconds=9.0),
]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path / "store"))


def materialize(instance: dg.DagsterInstance, *stages: str) -> None:
    for stage in stages:
        overhead = Overhead({"heron": 0.5}, 0.75, lost_workers=2, retries=3, rejections=4)
        metadata = outcome_metadata(RECORDS, 4.0, Price(3600.0, "EUR", 36.0), overhead=overhead)
        if stage == "exports":  # which also has the totals of the run
            metadata = with_totals(metadata, [numbers_of(metadata)])
        event = dg.AssetMaterialization(STAGES[stage], metadata=metadata, partition="batch")
        instance.report_runless_asset_event(event)


def give_up(instance: dg.DagsterInstance, stage: str) -> None:
    noted = dg.AssetObservation(STAGES[stage], partition="batch", metadata={"given_up/heron": 2.0})
    instance.report_runless_asset_event(noted)


def grown(tally: Tally, family: str) -> dict[tuple[str, ...], float]:
    return {labels: value for labels, value in tally.counts(family).items() if value}


def later(minutes: float = 0) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def test_a_batch_is_counted_by_stage_and_its_documents_at_the_end(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    counts = LogCounts(instance, STAGES, store)
    materialize(instance, "layout", "exports")
    counts.read_on(later())
    tally = counts.tally
    assert grown(tally, "docmill_documents") == {
        ("converted", ""): 2,
        ("partial", "timed_out"): 1,
        ("quarantined", "encrypted"): 1,
    }
    assert grown(tally, "docmill_pages") == {("converted",): 5, ("partial",): 1}
    assert tally.counts("docmill_stage_pages") == {("layout",): 3, ("exports",): 3}
    assert tally.counts("docmill_stage_reused") == {("layout",): 1, ("exports",): 1}
    assert tally.counts("docmill_cpu_seconds") == {("layout",): 1.5, ("exports",): 1.5}
    assert tally.counts("docmill_device_seconds")["layout", "heron"] == 0.25
    assert grown(tally, "docmill_overhead_device_seconds") == {
        ("layout", "heron"): 0.5,
        ("exports", "heron"): 0.5,
    }
    assert tally.counts("docmill_overhead_cpu_seconds") == {("layout",): 0.75, ("exports",): 0.75}
    assert tally.counts("docmill_lost_workers") == {("layout",): 2, ("exports",): 2}
    assert tally.counts("docmill_retries") == {("layout",): 3, ("exports",): 3}
    assert tally.counts("docmill_rejections") == {("layout",): 4, ("exports",): 4}
    assert tally.counts("docmill_cost")["layout", "EUR"] == pytest.approx(0.25 + 0.015)
    assert tally.spreads("docmill_stage_duration_seconds")[("layout",)].sum == 4.0


def test_what_may_be_counted_is_shown_before_it_is(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    """Or Prometheus sees no growth when the first document fails."""
    counts = LogCounts(instance, STAGES, store)
    counts.read_on(later())
    assert counts.tally.counts("docmill_documents")["quarantined", "encrypted"] == 0
    assert counts.tally.counts("docmill_cpu_seconds") == {("layout",): 0, ("exports",): 0}


def scraped(counts: LogCounts) -> str:
    registry = CollectorRegistry()
    registry.register(Exporter([], lambda: counts.tally))
    return generate_latest(registry).decode()


def test_every_counter_that_comes_is_scraped_at_0_before_it_is_scraped_with_its_value(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    """Or Prometheus sees no growth in it. Of every family, whatever its labels."""
    counts = LogCounts(instance, STAGES, store)
    counts.read_on(later())
    materialize(instance, "layout", "exports")
    give_up(instance, "layout")
    counts.read_on(later())
    young = scraped(counts)
    counts.read_on(later(0.5))
    assert scraped(counts) == young
    again = LogCounts(instance, STAGES, store)  # nobody has scraped while there was none
    again.read_on(later(1.5))
    assert scraped(again) == young
    again.read_on(later(3))
    ripe = scraped(again)
    grew = set()
    for line in filter(lambda each: not each.startswith("#"), ripe.splitlines()):
        name, value = line.rpartition(" ")[::2]
        counter = name.partition("{")[0]
        if counter.endswith(("_total", "_count")) and float(value):
            assert f"{name} " in young, name
            grew.add(counter.removesuffix("_total").removesuffix("_count"))
    assert 'docmill_device_seconds_total{model="heron",stage="layout"} 0.0' in young
    assert 'docmill_device_seconds_total{model="heron",stage="layout"} 0.25' in ripe
    others = {"docmill_runs", "docmill_characters", "docmill_fallback_pages", "docmill_detected_pages"}
    assert grew == {*COUNTERS, *HISTOGRAMS} - others


def test_what_an_exporter_finds_when_it_is_the_first_is_no_growth(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    """Years of a log would be a burst within a minute."""
    materialize(instance, "layout", "exports")
    counts = LogCounts(instance, STAGES, store)
    counts.read_on(later())
    assert 'docmill_device_seconds_total{model="heron",stage="layout"} 0.25' in scraped(counts)


def test_a_server_that_was_given_up_is_open_until_a_batch_gets_through(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    counts = LogCounts(instance, STAGES, store)

    def shown(counts: LogCounts) -> dict[tuple[str, ...], float]:
        return {gauge.labels: gauge.value for gauge in counts.read_on(later())}

    materialize(instance, "layout")
    assert shown(counts) == {("layout", "heron"): 0}
    give_up(instance, "layout")
    give_up(instance, "layout")
    assert shown(counts) == {("layout", "heron"): 1}
    assert counts.tally.counts("docmill_breaker_openings") == {("layout", "heron"): 4}
    materialize(instance, "exports")
    again = LogCounts(instance, STAGES, store)
    assert shown(again)["layout", "heron"] == 1
    materialize(instance, "layout")
    assert shown(again)["layout", "heron"] == 0


def test_a_restart_counts_nothing_twice_and_loses_nothing(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    materialize(instance, "layout", "exports")
    LogCounts(instance, STAGES, store).read_on(later())
    materialize(instance, "exports")
    again = LogCounts(instance, STAGES, store)
    again.read_on(later())
    again.read_on(later(2))
    assert again.tally.counts("docmill_documents")["quarantined", "encrypted"] == 2
    assert again.tally.counts("docmill_cpu_seconds") == {("layout",): 1.5, ("exports",): 3.0}


def test_what_failed_steps_spent_is_counted_once(instance: dg.DagsterInstance, store: DocumentStore) -> None:
    overhead = Overhead({"heron": 0.5}, 0.75, lost_workers=2, retries=3, rejections=4)
    spent = failed_metadata(RECORDS[:2], overhead, Price(3600.0, "EUR", 36.0))
    for stage in STAGES:
        event = dg.AssetObservation(STAGES[stage], metadata=spent, partition="batch")
        instance.report_runless_asset_event(event)
    instance.report_runless_asset_event(dg.AssetObservation("elsewhere", metadata=spent))
    LogCounts(instance, STAGES, store).read_on(later())
    counts = LogCounts(instance, STAGES, store)
    counts.read_on(later(2))
    tally = counts.tally
    assert not grown(tally, "docmill_documents")
    assert not grown(tally, "docmill_stage_documents")
    assert tally.counts("docmill_stage_pages") == {("layout",): 3, ("exports",): 3}
    assert tally.counts("docmill_cpu_seconds") == {("layout",): 1.5, ("exports",): 1.5}
    assert tally.counts("docmill_device_seconds")["layout", "heron"] == 0.25
    assert tally.counts("docmill_overhead_device_seconds")["layout", "heron"] == 0.5
    assert tally.counts("docmill_overhead_cpu_seconds") == {("layout",): 0.75, ("exports",): 0.75}
    assert tally.counts("docmill_lost_workers") == {("layout",): 2, ("exports",): 2}
    assert tally.counts("docmill_cost")["layout", "EUR"] == pytest.approx(0.25 + 0.015)


def test_a_step_that_failed_before_it_spent_anything_says_nothing() -> None:
    assert failed_metadata([], Overhead({"heron": 0.0})) == {}


def test_what_could_not_be_written_down_is_not_shown(
    instance: dg.DagsterInstance, store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = LogCounts(instance, STAGES, store)
    materialize(instance, "exports")

    def full(*_: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(DocumentStore, "write", full)
        with pytest.raises(OSError, match="no room"):
            counts.read_on(later())
    assert not grown(counts.tally, "docmill_documents")
    counts.read_on(later())
    assert counts.tally.counts("docmill_documents")["converted", ""] == 2


def test_nothing_is_written_where_nothing_happened_or_somebody_only_looks(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    materialize(instance, "exports")
    LogCounts(instance, STAGES, store, keep=False).read_on(later())
    assert load_past(store) == Past()
    counts = LogCounts(instance, STAGES, store)
    counts.read_on(later(2))
    before = store.version("metrics/exporter.json")
    counts.read_on(later(3))
    assert store.version("metrics/exporter.json") == before


def test_a_database_that_begins_anew_is_counted_from_its_beginning(
    instance: dg.DagsterInstance, store: DocumentStore, tmp_path: Path
) -> None:
    materialize(instance, "exports", "exports")
    LogCounts(instance, STAGES, store).read_on(later(2))
    (tmp_path / "new").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "new")) as new:
        materialize(new, "exports")
        counts = LogCounts(new, STAGES, store)
        counts.read_on(later())
    assert counts.tally.counts("docmill_documents")["quarantined", "encrypted"] == 3


def test_a_state_that_is_broken_is_begun_anew(instance: dg.DagsterInstance, store: DocumentStore) -> None:
    store.write("metrics/exporter.json", b'{"places": 3')
    materialize(instance, "exports")
    counts = LogCounts(instance, STAGES, store)
    counts.read_on(later())
    assert counts.tally.counts("docmill_documents")["quarantined", "encrypted"] == 1


def test_runs_are_counted_by_how_they_end(instance: dg.DagsterInstance, store: DocumentStore) -> None:
    @dg.op
    def work(context) -> None:  # type: ignore[no-untyped-def]
        if context.has_tag("fail"):
            raise RuntimeError

    @dg.job
    def convert() -> None:
        work()

    convert.execute_in_process(instance=instance)
    convert.execute_in_process(instance=instance)
    convert.execute_in_process(instance=instance, tags={"fail": "1"}, raise_on_error=False)
    counts = LogCounts(instance, STAGES, store)
    counts.read_on(later())
    assert counts.tally.counts("docmill_runs") == {("convert", "success"): 2, ("convert", "failure"): 1}
