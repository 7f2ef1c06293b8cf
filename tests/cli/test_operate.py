"""`docmill retry`, `backfill` and `cancel`: what they ask for, and following it."""

from __future__ import annotations

import io
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from rich.console import Console

from docmill.pipeline.cli.follow import follow
from docmill.pipeline.cli.operate import Asked, cancel, retry
from docmill.pipeline.convert.errors import BackendConfigError, RunCancelledError
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.ledger.select import FAILED, Selection
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.runs.interrupted import RunSettings
from docmill.pipeline.instance.watching.queue import REQUEST_TAG
from docmill.pipeline.intake.batches import BatchLimits, DocumentRef, Manifest
from docmill.pipeline.intake.ingest import make_batches
from docmill.pipeline.intake.requests import read_requests, write_request
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore

CONVERT = "convert_documents"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DocumentStore]:
    """The store and the instance of a home of the test's own."""
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.delenv("DOCMILL_STORE", raising=False)
    yield DocumentStore(str(tmp_path / "store"))


def manifests(*keys: str) -> list[Manifest]:
    return [Manifest(key, datetime.now(UTC), [DocumentRef("0" * 64, "a.pdf", "/a.pdf", 1)]) for key in keys]


def run(
    instance: dg.DagsterInstance, batch: str, status: dg.DagsterRunStatus, request: str = "r"
) -> dg.DagsterRun:
    made = dg.DagsterRun(
        CONVERT,
        run_id=f"00000000-0000-0000-0000-{len(instance.get_runs()):012d}",
        status=status,
        tags={REQUEST_TAG: request, "dagster/partition": batch},
        # a run in the queue must have one
        remote_job_origin=RemoteJobOrigin(
            RemoteRepositoryOrigin(GrpcServerCodeLocationOrigin("localhost", 1), "repository"), CONVERT
        ),
    )
    return instance.add_run(made)


def encrypted(store: DocumentStore) -> DocumentRef:
    """A document that needed a password, in the ledger."""
    ref = DocumentRef("ab" * 32, "a.pdf", "/in/a.pdf", 1)
    [manifest] = make_batches(store, [ref], BatchLimits())
    record = StageRecord(
        stage="exports",
        document=ref.id,
        name=ref.name,
        status="quarantined",
        reason="encrypted",
        stopped_at="pages",
    )
    open_ledger(store).settle(Outcome(manifest.key, "convert", "run", {}), [ref], [record])
    return ref


def test_a_retry_takes_other_settings_along_and_says_that_nobody_runs_it(
    store: DocumentStore, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = encrypted(store)
    asked = Asked(stages={"layout": "triton", "ocr": "off"}, password_file=Path("/run/secrets/pdf"))
    assert retry([ref.id], Selection(), asked) == 0
    [request] = read_requests(store)
    assert request.config["resources"] == {
        "reader": {"config": {"password_file": "/run/secrets/pdf"}},
        "layout": {"config": {"backend": {"triton": {}}}},
        "ocr": {"config": {"backend": {"off": {}}}},
    }
    assert request.by.endswith(f"@{gethostname()}")
    said = " ".join(capsys.readouterr().err.split())
    assert "No daemon runs on this instance" in said
    assert f"docmill cancel {request.id}" in said


def test_a_retry_without_options_runs_as_it_is_set(store: DocumentStore) -> None:
    ref = encrypted(store)
    retry([ref.id], Selection(), Asked())
    assert [each.config for each in read_requests(store)] == [{}]


def test_an_option_that_does_not_exist_is_told_before_anything_is_asked_for(store: DocumentStore) -> None:
    ref = encrypted(store)
    with pytest.raises(BackendConfigError, match="--layout 'magic' is unknown"):
        retry([ref.id], Selection(), Asked(stages={"layout": "magic"}))
    assert read_requests(store) == []


def test_following_ends_when_every_batch_has_run_and_names_those_that_failed(
    instance: dg.DagsterInstance,
) -> None:
    out = io.StringIO()
    console = Console(file=out, width=200)
    run(instance, "a", dg.DagsterRunStatus.SUCCESS)
    run(instance, "b", dg.DagsterRunStatus.SUCCESS)
    assert follow(instance, "r", manifests("a", "b"), console) == 0
    # the latest run of a batch counts
    run(instance, "a", dg.DagsterRunStatus.FAILURE)
    assert follow(instance, "r", manifests("a", "b"), console) == 1
    assert "not done: batch a" in out.getvalue()


def test_following_goes_on_while_one_waits_and_ctrl_c_ends_the_looking(
    instance: dg.DagsterInstance,
) -> None:
    out = io.StringIO()
    run(instance, "a", dg.DagsterRunStatus.QUEUED)
    timer = threading.Timer(1.0, signal.raise_signal, [signal.SIGINT])
    timer.start()
    started = time.monotonic()
    assert follow(instance, "r", manifests("a", "b"), Console(file=out, width=200)) == 130
    assert time.monotonic() - started >= 0.9
    assert "docmill cancel r" in out.getvalue()


def test_a_request_that_is_withdrawn_leaves_nothing_queued(store: DocumentStore) -> None:
    ref = encrypted(store)
    retry([ref.id], Selection(), Asked())
    ledger, [request] = open_ledger(store), read_requests(store)
    assert [row.state for row in ledger.of(ref.id)] == ["queued"]
    assert cancel(request.id) == 0
    [row] = ledger.of(ref.id)
    assert (row.state, row.reason) == ("interrupted", "cancelled")
    assert request.id in row.message


def test_a_retry_of_what_was_interrupted_has_its_settings_but_for_those_that_are_given(
    store: DocumentStore,
) -> None:
    ref = DocumentRef("ab" * 32, "a.pdf", "/in/a.pdf", 1)
    [manifest] = make_batches(store, [ref], BatchLimits())
    open_ledger(store).queue([manifest])
    open_ledger(store).interrupt(manifest, "run-1", RunCancelledError("stopped"))
    retry([], Selection(states=FAILED), Asked(stages={"ocr": "off"}))
    [request] = read_requests(store)
    # by hand, it stays the batch and the settings of whoever asked for it
    assert (request.batches, request.runs) == ([manifest.key], {manifest.key: "run-1"})
    before = RunSettings(
        {"resources": {"exports": {"config": {"out": "/o"}}, "ocr": {"config": {"backend": "x"}}}}
    )
    merged = before.but_with(request.config).run_config
    assert merged["resources"] == {
        "exports": {"config": {"out": "/o"}},
        "ocr": {"config": {"backend": {"off": {}}}},
    }


def test_cancelling_takes_what_waits_out_of_the_queue(
    store: DocumentStore, capsys: pytest.CaptureFixture[str]
) -> None:
    request = write_request(store, ["a", "b", "c"], "backfill", "backfill")
    with open_instance() as instance:
        waiting = run(instance, "a", dg.DagsterRunStatus.QUEUED, request.id)
        done = run(instance, "b", dg.DagsterRunStatus.SUCCESS, request.id)
        other = run(instance, "x", dg.DagsterRunStatus.QUEUED, "other")
    assert cancel(request.id) == 0
    assert "1 runs were told to stop" in capsys.readouterr().err
    with open_instance() as instance:
        statuses = {each.run_id: each.status for each in instance.get_runs()}
    assert statuses == {
        waiting.run_id: dg.DagsterRunStatus.CANCELED,
        done.run_id: dg.DagsterRunStatus.SUCCESS,
        other.run_id: dg.DagsterRunStatus.QUEUED,
    }
    assert read_requests(store) == []
    assert cancel(request.id) == 1
