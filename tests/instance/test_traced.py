"""A run's trace: what follows from the run alone, and who says when its batch has ended."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from docmill.pipeline.instance.runs.traced import TRACE_TAG, TRACEPARENT_TAG, batch_span_of
from tests.support.trace_collector import TraceCollector
from tests.support.traced_job import FAILS_TAG, KEY, traced_job

RUN = "d67a8e27-d525-48a6-92ae-7199190adf36"
AGAIN = "00000000-d525-48a6-92ae-7199190adf36"
OTHERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[TraceCollector]:
    for name in ("OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_TRACES_SAMPLER"):
        monkeypatch.delenv(name, raising=False)
    with TraceCollector() as made:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
        yield made


def run(instance: dg.DagsterInstance, fails: str = "") -> dg.ExecuteInProcessResult:
    tags = {FAILS_TAG: fails}
    return traced_job().execute_in_process(
        instance=instance, partition_key=KEY, tags=tags, raise_on_error=False
    )


def test_a_run_s_trace_has_the_run_s_id() -> None:
    context, parent = batch_span_of(dg.DagsterRun("job", run_id=RUN))
    assert (context.trace_id, parent) == (RUN.replace("-", ""), "")


def test_a_run_that_is_started_again_goes_on_with_the_trace() -> None:
    first, _ = batch_span_of(dg.DagsterRun("job", run_id=RUN))
    again, parent = batch_span_of(dg.DagsterRun("job", run_id=AGAIN, root_run_id=RUN, parent_run_id=RUN))
    assert (again.trace_id, parent) == (first.trace_id, first.span_id)
    assert again.span_id != first.span_id


def test_who_launches_a_run_can_have_it_in_a_trace_of_theirs() -> None:
    context, parent = batch_span_of(dg.DagsterRun("job", run_id=RUN, tags={TRACEPARENT_TAG: OTHERS}))
    assert (context.trace_id, parent) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


def test_an_id_that_is_no_uuid_has_a_trace_too() -> None:
    context, _ = batch_span_of(dg.DagsterRun("job", run_id="test"))
    assert len(context.trace_id) == 32 and len(context.span_id) == 16


def test_steps_in_processes_of_their_own_join_one_trace(
    instance: dg.DagsterInstance, collector: TraceCollector
) -> None:
    tags = {"dagster/partition": KEY}
    result = dg.execute_job(dg.reconstructable(traced_job), instance, tags=tags)
    assert result.success
    trace = result.run_id.replace("-", "")
    assert {span.trace_id for span in collector.spans} == {trace}
    assert sorted(map(tuple, map(collector.lineage, collector.spans))) == [
        ("batch",),
        ("batch", "first"),
        ("batch", "second"),
    ]
    [batch], [first], [second] = map(collector.named, ("batch", "first", "second"))
    assert (
        batch.start_ns <= first.start_ns <= first.end_ns <= second.start_ns <= second.end_ns <= batch.end_ns
    )
    assert batch.attributes["docmill.batch"] == first.attributes["docmill.batch"] == KEY
    assert first.attributes["docmill.stage"] == "first"
    pids = {span.attributes["pid"] for span in (first, second)}
    assert len(pids) == 2
    kept = instance.get_run_by_id(result.run_id)
    assert kept and kept.tags[TRACE_TAG] == trace
    said = [event.message for event in instance.all_logs(result.run_id)]
    assert sum(f"trace_id={trace}" in message for message in said) == 2
    found = [
        event.materialization.metadata["trace_id"].value
        for event in result.all_events
        if event.is_step_materialization
    ]
    assert found == [trace] * 2


def test_a_step_that_fails_ends_its_batch(instance: dg.DagsterInstance, collector: TraceCollector) -> None:
    assert not run(instance, "first").success
    [batch], [first] = map(collector.named, ("batch", "first"))
    assert (first.failed, batch.failed) == (True, True)
    assert "told to fail" in batch.message


def test_a_step_that_is_tried_again_does_not(instance: dg.DagsterInstance, collector: TraceCollector) -> None:
    assert not run(instance, "second").success
    assert [span.failed for span in collector.named("second")] == [True, True]
    assert [span.failed for span in collector.named("batch")] == [True]


def test_without_a_collector_there_is_no_trace(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    result = run(instance)
    kept = instance.get_run_by_id(result.run_id)
    assert result.success and kept and TRACE_TAG not in kept.tags
