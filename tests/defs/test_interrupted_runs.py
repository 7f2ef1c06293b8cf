"""Runs that end before their batch does: said in the ledger, and taken up with what they were asked with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.pipeline.convert.errors import RunDiedError, ServerAwayError
from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.instance.runs import interrupted
from docmill.pipeline.instance.runs.interrupted import INTERRUPTED_TAG, TAKEN_UP_TAG, WHY
from docmill.pipeline.instance.runs.lanes import lane_tags
from docmill.pipeline.intake.batches import CONVERT, INBOX, DocumentRef, Manifest, write_manifest
from docmill.pipeline.intake.requests import write_request
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.inbox import Inbox
from docmill.resources.store import Store

SENSORS: dict[str, Any] = {sensor.name: sensor for sensor in defs.sensors or ()}
SCHEDULES: dict[str, Any] = {schedule.name: schedule for schedule in defs.schedules or ()}
CONFIG: dict[str, Any] = {"resources": {"exports": {"config": {"out": "/somewhere"}}}}
JOB = "convert_documents"


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path / "store"))


@pytest.fixture
def retrying(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance that runs again what died."""
    (tmp_path / "retrying").mkdir()
    settings = {"run_retries": {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False}}
    with dg.instance_for_test(temp_dir=str(tmp_path / "retrying"), overrides=settings) as made:
        yield made


def batch(store: DocumentStore, name: str = "a", origin: str = INBOX) -> Manifest:
    """A batch that waits for its run."""
    ref = DocumentRef(name * 64, f"{name}.pdf", f"/in/{name}.pdf", 1)
    manifest = write_manifest(store, [ref], origin)
    open_ledger(store).queue([manifest])
    return manifest


def begun(instance: dg.DagsterInstance, manifest: Manifest, **tags: str) -> dg.DagsterRun:
    """A run of it that is under way."""
    job = defs.resolve_job_def(JOB)
    tags = {"dagster/partition": manifest.key, **lane_tags("inbox"), **tags}
    started = dg.DagsterRunStatus.STARTED
    return instance.create_run_for_job(job, tags=tags, run_config=CONFIG, status=started)


def failed(instance: dg.DagsterInstance, manifest: Manifest, why: str, **tags: str) -> dg.DagsterRun:
    """A run that failed in a step for this reason, or for none that docmill knows."""

    @dg.op
    def layout() -> None:
        raise dg.Failure("triton at localhost:8001", metadata={WHY: why} if why else {}, allow_retries=False)

    @dg.job(resource_defs={"exports": dg.ResourceDefinition.none_resource()})
    def convert_documents() -> None:
        layout()

    tags = {"dagster/partition": manifest.key, **lane_tags("inbox"), **tags}
    result = convert_documents.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    return run


def tick(
    instance: dg.DagsterInstance, store: DocumentStore, cursor: str | None = None
) -> tuple[list[dg.RunRequest], str | None]:
    resources = {"store": Store(url=store.url)}
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context:
        result = SENSORS["interrupted_runs"](context)
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or []), result.cursor


def row(store: DocumentStore, manifest: Manifest) -> DocumentRow:
    [ref] = manifest.documents
    [found] = open_ledger(store).of(ref.id)
    return found


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits before it is taken up."""
    monkeypatch.setattr(interrupted, "_FIRST_WAIT", timedelta(0))


def test_a_cancelled_run_is_said_and_not_taken_up_by_the_sensor(
    instance: dg.DagsterInstance, store: DocumentStore, at_once: None
) -> None:
    manifest = batch(store)
    run = begun(instance, manifest)
    assert tick(instance, store)[0] == []
    assert row(store, manifest).state == "queued"
    instance.report_run_canceled(run)
    for _ in range(2):
        assert tick(instance, store)[0] == []
        found = row(store, manifest)
        assert (found.state, found.reason, found.run, found.interruptions) == (
            "interrupted",
            "cancelled",
            run.run_id,
            1,
        )
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.tags[INTERRUPTED_TAG] == "cancelled"


@pytest.mark.parametrize("why", [ServerAwayError.reason, RunDiedError.reason])
def test_a_run_that_something_passing_ended_is_taken_up_as_it_was_asked(
    instance: dg.DagsterInstance, store: DocumentStore, at_once: None, why: str
) -> None:
    manifest = batch(store)
    if why == RunDiedError.reason:
        run = begun(instance, manifest, **{"docmill/mine": "x", "docmill/served.layout": "{}"})
        instance.report_run_failed(run, "its process is gone")  # as run monitoring says of a SIGKILL
    else:
        run = failed(instance, manifest, why, **{"docmill/mine": "x"})
    [request], cursor = tick(instance, store)
    assert (row(store, manifest).state, row(store, manifest).run) == ("queued", run.run_id)
    assert (request.run_key, request.partition_key) == (f"interrupted/{run.run_id}", manifest.key)
    assert request.run_config == (CONFIG if why == RunDiedError.reason else run.run_config)
    assert request.tags == {
        **lane_tags("inbox"),
        "docmill/mine": "x",
        TAKEN_UP_TAG: "1",
        "docmill/why": f"run {run.run_id} was interrupted",
    }
    # until Dagster has made the run the request is the same, and then there is none
    [again], _ = tick(instance, store, cursor)
    assert again.run_key == request.run_key
    taken_up = begun(instance, manifest, **{TAKEN_UP_TAG: "1"})
    assert tick(instance, store, cursor)[0] == []
    instance.report_run_failed(taken_up, "its process is gone too")
    [request], _ = tick(instance, store, cursor)
    assert (request.run_key, request.tags[TAKEN_UP_TAG]) == (f"interrupted/{taken_up.run_id}", "2")
    assert row(store, manifest).interruptions == 2


def test_it_waits_longer_every_time_and_not_for_ever(
    instance: dg.DagsterInstance, store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = batch(store)
    times = 3
    run = begun(instance, manifest, **{TAKEN_UP_TAG: str(times)})
    instance.report_run_failed(run, "its process is gone")
    assert tick(instance, store)[0] == []
    found = row(store, manifest)
    assert (found.state, found.reason) == ("interrupted", "run_died")
    now = datetime.now(UTC)
    due = [
        len(list(interrupted.due_runs(instance, now + timedelta(minutes=minutes)))) for minutes in (39, 41)
    ]
    assert due == [0, 1]
    monkeypatch.setattr(interrupted, "_MOST_TIMES", times)
    assert list(interrupted.due_runs(instance, now + timedelta(hours=3))) == []


def test_a_run_that_is_set_up_wrongly_is_said_and_left_to_people(
    instance: dg.DagsterInstance, store: DocumentStore, at_once: None
) -> None:
    manifest = batch(store)
    failed(instance, manifest, "")
    assert tick(instance, store)[0] == []
    found = row(store, manifest)
    assert (found.state, found.reason) == ("interrupted", "run_failed")
    assert "at the step layout: triton at localhost:8001" in found.message


def test_what_dagster_runs_again_is_not_interrupted(
    retrying: dg.DagsterInstance, store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = batch(store)
    run = begun(retrying, manifest)
    retrying.report_run_failed(run, "its process is gone")
    # a run of a code server, which Dagster's daemon may launch again
    monkeypatch.setattr(interrupted, "has_code_server", lambda run: True)
    _, cursor = tick(retrying, store)
    assert row(store, manifest).state == "queued"
    retrying.add_run_tags(run.run_id, {"dagster/will_retry": "false"})
    tick(retrying, store, cursor)
    assert row(store, manifest).state == "interrupted"


def test_what_another_run_has_in_hand_is_not_interrupted(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    manifest = batch(store)
    run, other = begun(instance, manifest), begun(instance, manifest)
    instance.report_run_canceled(run)
    tick(instance, store)
    assert row(store, manifest).state == "queued"
    instance.report_run_canceled(other)
    tick(instance, store)
    assert (row(store, manifest).state, row(store, manifest).run) == ("interrupted", other.run_id)


def test_runs_of_other_jobs_and_stores_are_none_of_its_business(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    manifest = batch(store)

    @dg.job
    def theirs() -> None:
        pass

    for job, key in ((theirs, manifest.key), (defs.resolve_job_def(JOB), "2026-11-25-64docs-000000")):
        run = instance.create_run_for_job(job, tags={"dagster/partition": key})
        instance.report_run_canceled(run)
    tick(instance, store)
    assert row(store, manifest).state == "queued"


def nightly(instance: dg.DagsterInstance, store: DocumentStore) -> list[dg.RunRequest]:
    given = {**(defs.resources or {}), "store": Store(url=store.url), "inbox": Inbox()}
    schedule = SCHEDULES["nightly_backfill"]
    needed = {name: made for name, made in given.items() if name in schedule.required_resource_keys}
    night = datetime(2026, 11, 25, 2, tzinfo=UTC)
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=night, resources=needed
    ) as context:
        return [each for each in schedule(context) if isinstance(each, dg.RunRequest)]


def requested(
    instance: dg.DagsterInstance, store: DocumentStore, runs: Mapping[str, str]
) -> list[dg.RunRequest]:
    write_request(store, list(runs), "backfill", "backfill", runs=runs)
    resources = {"store": Store(url=store.url), "inbox": Inbox()}
    with dg.build_sensor_context(instance=instance, resources=resources) as context:
        result = SENSORS["requested_batches"](context)
    return list(result.run_requests or [])


def test_the_night_and_a_backfill_take_up_what_was_cancelled_as_it_was_asked(
    instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    manifest = batch(store)
    run = begun(instance, manifest, **{"docmill/mine": "x"})
    instance.report_run_canceled(run)
    tick(instance, store)
    [asked] = requested(instance, store, {manifest.key: run.run_id})
    [request] = nightly(instance, store)
    for each in (asked, request):
        assert (each.partition_key, each.run_config) == (manifest.key, CONFIG)
        assert (each.tags["docmill/mine"], each.tags[TAKEN_UP_TAG]) == ("x", "1")
    assert request.tags["docmill/why"] == "interrupted"
    assert row(store, manifest).state == "queued"


def test_what_somebody_asked_for_by_hand_is_not_run_with_other_settings(
    instance: dg.DagsterInstance, store: DocumentStore, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = batch(store, origin=CONVERT)
    monkeypatch.setenv("DOCMILL_PASSWORD", "secret")
    run = instance.create_run_for_job(
        defs.resolve_job_def(JOB),
        tags={"dagster/partition": manifest.key},
        run_config={"resources": {"reader": {"config": {"password": {"env": "DOCMILL_PASSWORD"}}}}},
        status=dg.DagsterRunStatus.STARTED,
    )
    instance.report_run_failed(run, "its process is gone")
    monkeypatch.delenv("DOCMILL_PASSWORD")  # the daemon has never had it
    assert tick(instance, store)[0] == []
    assert requested(instance, store, {manifest.key: run.run_id}) == []
    assert nightly(instance, store) == []
    assert row(store, manifest).state == "interrupted"
    instance.delete_run(run.run_id)
    assert nightly(instance, store) == []
    assert requested(instance, store, {manifest.key: run.run_id}) == []
