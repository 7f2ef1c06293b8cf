"""Sensors and schedules on a real instance: what they ask for, and what Dagster makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import pytest

from docmill.pipeline.convert.errors import (
    BackendConfigError,
    BackendUnavailableError,
    DocmillError,
    SourceMissingError,
)
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.entries import DocumentRow, to_rows
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.defs.resources import conversion_of
from docmill.pipeline.instance.runs.lanes import lane_tags
from docmill.pipeline.instance.watching.active_runs import running_batches
from docmill.pipeline.intake.batches import INBOX, DocumentRef, read_manifest, write_manifest
from docmill.pipeline.intake.inbox import Cursor
from docmill.pipeline.intake.requests import RequestCursor, read_requests, withdraw, write_request
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.inbox import Inbox
from docmill.resources.settings.layout import Layout, TritonLayoutConfig
from docmill.resources.store import Store
from tests.support.kserve_server import KServeServer
from tests.support.served_heron import heron

#: By name, as docmill's own code location has them.
SENSORS: dict[str, Any] = {sensor.name: sensor for sensor in defs.sensors or ()}
SCHEDULES: dict[str, Any] = {schedule.name: schedule for schedule in defs.schedules or ()}
new_pdfs, requested_batches = SENSORS["new_pdfs"], SENSORS["requested_batches"]
unretried_runs = SENSORS["unretried_runs"]
nightly_backfill = SCHEDULES["nightly_backfill"]


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path / "store"))


def resources(tmp_path: Path, **inbox: Any) -> dict[str, Any]:
    made = dict(defs.resources or {})
    made.pop("progress")
    settings: dict[str, Any] = {
        "url": str(tmp_path / "in"),
        "settle_seconds": 0,
        "max_wait_seconds": 0,
    } | inbox
    made["store"] = Store(url=str(tmp_path / "store"))
    made["inbox"] = Inbox(**settings)
    return made


def evaluate(
    sensor: dg.SensorDefinition, instance: dg.DagsterInstance, made: dict[str, Any], cursor: str | None = None
) -> dg.SensorResult:
    needed = {key: made[key] for key in ("inbox", "store")}
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources=needed) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def requests_of(result: dg.SensorResult) -> list[dg.RunRequest]:
    return list(result.run_requests or [])


def put(tmp_path: Path, *names: str) -> None:
    (tmp_path / "in").mkdir(exist_ok=True)
    for name in names:
        (tmp_path / "in" / name).write_text(name)


# --- new_pdfs ---


def test_new_pdfs_ask_for_a_run_of_each_batch(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    put(tmp_path, "a.pdf", "b.pdf", "c.pdf", "notes.txt")
    made = resources(tmp_path, batch_documents=2)
    first = evaluate(new_pdfs, instance, made)
    requested = requests_of(first)
    assert [len(read_manifest(store, each.partition_key or "").documents) for each in requested] == [2, 1]
    assert [each.run_key for each in requested] == [each.partition_key for each in requested]
    assert requested[0].tags == {
        "lane": "inbox",
        "dagster/priority": "0",
        "docmill/documents": "2",
    }
    [seen] = first.asset_events
    assert isinstance(seen, dg.AssetObservation)
    assert seen.asset_key == dg.AssetKey("inbox")
    numbers = {name: value.value for name, value in seen.metadata.items() if name != "place"}
    assert (numbers["files_new"], numbers["files_left_out"], numbers["batches"]) == (3.0, 1.0, 2.0)
    [added] = first.dynamic_partitions_requests or []
    assert list(added.partition_keys) == [each.partition_key for each in requested]
    again = evaluate(new_pdfs, instance, made)  # as when Dagster died before it kept the first
    assert [each.run_key for each in requests_of(again)] == [each.run_key for each in requested]
    second = evaluate(new_pdfs, instance, made, first.cursor)
    assert (requests_of(second), list(second.asset_events)) == ([], [])
    assert Cursor.parse(second.cursor).launched == []


@pytest.mark.parametrize(
    ("url", "error", "why"),
    [
        ("", BackendConfigError, "DOCMILL_INBOX"),
        ("/nowhere", SourceMissingError, "no inbox at /nowhere"),
    ],
)
def test_without_an_inbox_the_tick_fails(
    tmp_path: Path,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    error: type[DocmillError],
    why: str,
) -> None:
    monkeypatch.delenv("DOCMILL_INBOX", raising=False)
    with pytest.raises(error, match=why):
        evaluate(new_pdfs, instance, resources(tmp_path, url=url))


def test_without_its_server_the_tick_fails(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    options = {"endpoint_url": "http://127.0.0.1:9", "config_kwargs": {"retries": {"max_attempts": 0}}}
    made = resources(tmp_path, url="s3://bucket/in", options=options)
    with pytest.raises(BackendUnavailableError, match="s3://bucket/in"):
        evaluate(new_pdfs, instance, made)


def test_a_batch_waits_to_be_filled_only_while_runs_of_the_job_wait_or_run(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    put(tmp_path, "a.pdf")
    made = resources(tmp_path, max_wait_seconds=1000)
    job = defs.resolve_job_def("convert_documents")
    busy = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    waiting = evaluate(new_pdfs, instance, made)
    assert requests_of(waiting) == []
    instance.report_run_canceled(busy)
    other = defs.resolve_job_def("report_corpus")
    instance.create_run_for_job(other, status=dg.DagsterRunStatus.STARTED)
    assert len(requests_of(evaluate(new_pdfs, instance, made, waiting.cursor))) == 1


# --- requested_batches ---


def test_requests_become_runs_so_many_a_tick(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    made = resources(tmp_path, batches_per_tick=3)
    write_request(store, ["a", "b"], "interactive", "retry")
    write_request(store, ["c", "d", "e"], "backfill", "backfill")
    first = evaluate(requested_batches, instance, made)
    second = evaluate(requested_batches, instance, made, first.cursor)
    third = evaluate(requested_batches, instance, made, second.cursor)
    ticks = [[each.partition_key for each in requests_of(result)] for result in (first, second, third)]
    assert [sorted(filter(None, keys)) for keys in ticks] in (
        [["a", "b", "c"], ["d", "e"], []],
        [["c", "d", "e"], ["a", "b"], []],
    )
    lanes = {each.partition_key: each.tags["lane"] for r in (first, second) for each in requests_of(r)}
    assert lanes == {
        "a": "interactive",
        "b": "interactive",
        "c": "backfill",
        "d": "backfill",
        "e": "backfill",
    }
    assert read_requests(store) == []
    assert RequestCursor.parse(third.cursor).taken == {}


def test_a_request_says_how_its_runs_are_configured(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    config = {"resources": {"reader": {"config": {"password_file": "/run/secrets/pdf"}}}}
    write_request(store, ["a"], "interactive", "retry", config)
    write_request(store, ["b"], "interactive", "retry")
    found = requests_of(evaluate(requested_batches, instance, resources(tmp_path)))
    assert {each.partition_key: each.run_config for each in found} == {"a": config, "b": {}}
    job = defs.resolve_job_def("convert_documents")
    dg.validate_run_config(job, config)


def test_what_was_withdrawn_is_not_asked_for(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    request = write_request(store, ["a", "b"], "backfill", "backfill")
    first = evaluate(requested_batches, instance, resources(tmp_path, batches_per_tick=1))
    assert withdraw(store, request.id)
    assert not withdraw(store, request.id)
    second = evaluate(requested_batches, instance, resources(tmp_path), first.cursor)
    assert [len(requests_of(each)) for each in (first, second)] == [1, 0]


def test_a_tick_that_was_not_kept_asks_again(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    made = resources(tmp_path)
    write_request(store, ["a"], "interactive", "retry")
    runs = [requests_of(evaluate(requested_batches, instance, made)) for _ in range(2)]
    assert [each.run_key for each in runs[0]] == [each.run_key for each in runs[1]]
    assert len(read_requests(store)) == 1


# --- nightly_backfill ---


def forgotten(store: DocumentStore, name: str) -> str:
    """A batch whose run never was."""
    ref = DocumentRef(name * 64, f"{name}.pdf", f"/in/{name}.pdf", 1)
    manifest = write_manifest(store, [ref], INBOX)
    row = DocumentRow(
        id=ref.id,
        name=ref.name,
        source=ref.source,
        size=1,
        at=datetime.now(UTC) - timedelta(hours=2),
        batch=manifest.key,
        origin=INBOX,
    )
    open_ledger(store).documents.append(to_rows([row]))
    return manifest.key


def nightly(
    tmp_path: Path, instance: dg.DagsterInstance, layout: Layout | None = None, **inbox: Any
) -> list[Any]:
    given = resources(tmp_path, **inbox) | ({"layout": layout} if layout else {})
    needed = {
        name: resource for name, resource in given.items() if name in nightly_backfill.required_resource_keys
    }
    with dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=datetime(2026, 11, 25, 2, tzinfo=UTC),
        resources=needed,
    ) as context:
        ticked = nightly_backfill(context)
        assert isinstance(ticked, Iterator)
        found = list(ticked)
    return [each.skip_message if isinstance(each, dg.SkipReason) else each for each in found]


def test_the_nightly_backfill_runs_what_is_overdue(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    keys = sorted(forgotten(store, name) for name in "abc")
    stale = write_manifest(store, [DocumentRef("d" * 64, "d.pdf", "/in/d.pdf", 1)], INBOX)
    record = StageRecord(stage="exports", document="d" * 64, name="d.pdf", pages=[1])
    outcome = Outcome(stale.key, INBOX, "", {"exports": "0" * 16})
    open_ledger(store).settle(outcome, stale.documents, [record])
    found = nightly(tmp_path, instance)
    assert [each.partition_key for each in found] == [*keys, stale.key]
    assert [each.tags["docmill/why"] for each in found] == ["missing"] * 3 + ["stale"]
    assert {each.tags["lane"] for each in found} == {"backfill"}
    assert found[0].run_key == f"2026-11-25/{keys[0]}"
    assert set(instance.get_dynamic_partitions(BATCHES)) == {*keys, stale.key}
    assert len(nightly(tmp_path, instance, batches_per_tick=2)) == 2


def test_nothing_is_stale_while_a_server_does_not_say_what_it_has(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    manifest = write_manifest(store, [DocumentRef("d" * 64, "d.pdf", "/in/d.pdf", 1)], INBOX)
    record = StageRecord(stage="exports", document="d" * 64, name="d.pdf", pages=[1])
    model = heron("a")
    with KServeServer({"heron": model}) as server:
        layout = Layout(backend=TritonLayoutConfig(model="heron", url=server.url))
        needed = resources(tmp_path) | {"layout": layout}
        prints = conversion_of(needed).asked().fingerprints
        open_ledger(store).settle(Outcome(manifest.key, INBOX, "", prints), manifest.documents, [record])
        assert "no batch is interrupted" in nightly(tmp_path, instance, layout)[0]
        model.parameters["digest"] = "b"
        [request] = nightly(tmp_path, instance, layout)
        assert (request.partition_key, request.tags["docmill/why"]) == (manifest.key, "stale")
    # the ledger is as it was, and the server is away
    assert "no batch is interrupted" in nightly(tmp_path, instance, layout)[0]


def test_a_batch_that_runs_is_not_run_again(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    key = forgotten(store, "a")
    instance.add_dynamic_partitions(BATCHES, [key])
    job = defs.resolve_job_def("convert_documents")
    tags = {"dagster/partition": key}
    run = instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    assert running_batches(instance) == {key}
    [skipped] = nightly(tmp_path, instance)
    assert "no batch is interrupted" in skipped
    instance.report_run_canceled(run)
    assert running_batches(instance) == set()
    assert len(nightly(tmp_path, instance)) == 1


def test_a_batch_that_somebody_runs_from_the_ui_is_not_run_beside_it(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    """Such a run is of the assets chosen, not of the job."""
    key = forgotten(store, "a")
    instance.add_dynamic_partitions(BATCHES, [key])
    job = defs.resolve_implicit_global_asset_job_def()
    tags = {"dagster/partition": key}
    instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    assert running_batches(instance) == {key}
    [skipped] = nightly(tmp_path, instance)
    assert "no batch is interrupted" in skipped


# --- unretried_runs ---


def unretried(instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    with dg.build_sensor_context(instance=instance) as context:
        ticked = unretried_runs(context)
        assert isinstance(ticked, Iterator)
        found = list(ticked)
    return [each for each in found if isinstance(each, dg.RunRequest)]


def died(instance: dg.DagsterInstance, batch: str, **tags: str) -> dg.DagsterRun:
    """A run whose process is gone, as run monitoring ends it."""
    job = defs.resolve_job_def("convert_documents")
    tags = {"dagster/partition": batch, **lane_tags("interactive"), **tags}
    config = {"resources": {"exports": {"config": {"out": "/somewhere"}}}}
    run = instance.create_run_for_job(job, tags=tags, run_config=config, status=dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(run, "its process is gone")
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


@pytest.fixture
def retrying(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance that runs again what died, twice."""
    (tmp_path / "retrying").mkdir()
    settings = {"run_retries": {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False}}
    with dg.instance_for_test(temp_dir=str(tmp_path / "retrying"), overrides=settings) as made:
        yield made


def test_a_run_whose_retry_failed_is_run_again(retrying: dg.DagsterInstance) -> None:
    run = died(retrying, "2026-11-25-1docs-a")
    assert run.tags["dagster/will_retry"] == "true"
    assert unretried(retrying) == []  # Dagster's daemon has it yet before it
    retrying.add_run_tags(run.run_id, {"dagster/will_retry": "false"})  # what it notes when it cannot
    [request] = unretried(retrying)
    assert (request.run_key, request.partition_key) == (f"retry/{run.run_id}", "2026-11-25-1docs-a")
    assert (request.tags["lane"], request.tags["dagster/priority"]) == ("interactive", "10")
    assert request.run_config == run.run_config != {}


def test_runs_that_dagster_means_to_leave_are_left(retrying: dg.DagsterInstance) -> None:
    died(retrying, "2026-11-25-1docs-a", **{"dagster/max_retries": "0"})
    job = defs.resolve_job_def("convert_documents")
    tags = {"dagster/partition": "2026-11-25-1docs-b"}
    retrying.report_run_canceled(retrying.create_run_for_job(job, tags=tags))
    assert unretried(retrying) == []


def failed_in_a_step(instance: dg.DagsterInstance, batch: str, of: str, **tags: str) -> dg.DagsterRun:
    """A run whose step failed because its function raised, or because Dagster could not store an event."""

    @dg.op
    def layout() -> None:
        if of == "function":
            raise ValueError("of our own")

    @dg.job
    def convert_documents() -> None:
        layout()

    store = instance.event_log_storage.store_event

    def away(event: dg.EventLogEntry) -> None:
        if of == "database" and event.dagster_event_type is dg.DagsterEventType.STEP_OUTPUT:
            raise ConnectionError("too many retries for DB connection")
        store(event)

    with patch.object(instance.event_log_storage, "store_event", away):
        result = convert_documents.execute_in_process(
            instance=instance, raise_on_error=False, tags={"dagster/partition": batch, **tags}
        )
    found = instance.get_run_by_id(result.run_id)
    assert found is not None
    assert found.tags["dagster/failure_reason"] == "STEP_FAILURE"
    assert found.tags["dagster/will_retry"] == "false"
    return found


def test_a_run_that_dagster_failed_in_is_run_again_some_times(retrying: dg.DagsterInstance) -> None:
    failed_in_a_step(retrying, "2026-11-25-1docs-a", of="function")
    assert unretried(retrying) == []
    run = failed_in_a_step(retrying, "2026-11-25-1docs-b", of="database")
    [request] = unretried(retrying)
    assert (request.run_key, request.partition_key) == (f"retry/{run.run_id}", "2026-11-25-1docs-b")
    times = {"docmill/run_again": request.tags["docmill/run_again"]}
    assert times == {"docmill/run_again": "1"}
    again = failed_in_a_step(retrying, "2026-11-25-1docs-c", of="database", **times)
    [_, request] = unretried(retrying)
    assert (request.run_key, request.tags["docmill/run_again"]) == (f"retry/{again.run_id}", "2")
    failed_in_a_step(retrying, "2026-11-25-1docs-d", of="database", **{"docmill/run_again": "5"})
    assert len(unretried(retrying)) == 2


def test_a_batch_that_runs_by_now_is_not_run_beside_it(retrying: dg.DagsterInstance) -> None:
    run = died(retrying, "2026-11-25-1docs-a")
    retrying.add_run_tags(run.run_id, {"dagster/will_retry": "false"})
    job = defs.resolve_job_def("convert_documents")
    tags = {"dagster/partition": "2026-11-25-1docs-a"}
    retrying.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    assert unretried(retrying) == []
