"""PDFs that somebody names in the launchpad: their batches, the request for runs, and what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.intake.batches import read_manifest
from docmill.pipeline.intake.requests import Request, read_requests
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.inbox import Inbox
from docmill.resources.store import Store


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path / "store"))


def put(tmp_path: Path, *names: str) -> str:
    folder = tmp_path / "papers"
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return str(folder)


def launched(
    tmp_path: Path, instance: dg.DagsterInstance, config: dict[str, Any], **tags: str
) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def("convert_files").execute_in_process(
        instance=instance,
        run_config={"ops": {"find_files": {"config": config}}},
        resources={"store": Store(url=str(tmp_path / "store")), "inbox": Inbox(batch_documents=2)},
        raise_on_error=False,
        tags=tags,
    )


def why(result: dg.ExecuteInProcessResult) -> str:
    [failure] = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert failure.user_failure_data is not None
    return failure.user_failure_data.description or ""


def requested(tmp_path: Path, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    """What the sensor makes of what was asked for."""
    needed = {"store": Store(url=str(tmp_path / "store")), "inbox": Inbox()}
    with dg.build_sensor_context(instance=instance, resources=needed) as context:
        [sensor] = [each for each in defs.sensors or () if each.name == "requested_batches"]
        assert isinstance(sensor, dg.SensorDefinition)
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or [])


def test_a_folder_becomes_batches_whose_runs_go_before_everything_else(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    folder = put(tmp_path, "a.pdf", "b.pdf", "deep/a.pdf", "notes.txt")
    result = launched(tmp_path, instance, {"addresses": [folder]}, user="anna@example.org")
    assert result.success
    assert (result.dagster_run.tags["lane"], result.dagster_run.tags["dagster/priority"]) == (
        "interactive",
        "10",
    )
    [request] = read_requests(store)
    assert (request.lane, request.why, request.by) == ("interactive", "convert_files", "anna@example.org")
    manifests = [read_manifest(store, key) for key in request.batches]
    assert [len(manifest.documents) for manifest in manifests] == [2, 1]
    stems = sorted(document.stem for manifest in manifests for document in manifest.documents)
    assert len(set(stems)) == 3  # the two of one name are told apart
    assert {row.state for row in open_ledger(store).all()} == {"queued"}
    runs = requested(tmp_path, instance)
    assert [run.partition_key for run in runs] == request.batches
    assert runs[0].tags == {
        "lane": "interactive",
        "dagster/priority": "10",
        "docmill/why": "convert_files",
        "docmill/request": request.id,
        "user": "anna@example.org",
        "docmill/by": "anna@example.org",
        "docmill/command": "convert_files",
    }


def test_another_lane_can_be_chosen(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore
) -> None:
    folder = put(tmp_path, "a.pdf")
    assert launched(tmp_path, instance, {"addresses": [f"{folder}/a.pdf"], "lane": "backfill"}).success
    assert [request.lane for request in read_requests(store)] == ["backfill"]
    [run] = requested(tmp_path, instance)
    assert (run.tags["lane"], run.tags["dagster/priority"]) == ("backfill", "-1")
    assert "user" not in run.tags


@pytest.mark.parametrize(
    ("addresses", "said"),
    [([], "at least 1"), (["/nowhere/a.pdf"], "/nowhere/a.pdf"), (["{folder}"], "no PDF was found")],
)
def test_what_cannot_be_found_is_said_and_not_tried_again(
    tmp_path: Path, instance: dg.DagsterInstance, store: DocumentStore, addresses: list[str], said: str
) -> None:
    folder = put(tmp_path, "notes.txt")
    result = launched(tmp_path, instance, {"addresses": [each.format(folder=folder) for each in addresses]})
    assert not result.success
    assert said in why(result)
    assert read_requests(store) == []


@pytest.mark.parametrize("config", [{}, {"addresses": "a.pdf"}, {"addresses": ["a.pdf"], "lane": "express"}])
def test_the_launchpad_refuses_what_makes_no_sense(
    tmp_path: Path, instance: dg.DagsterInstance, config: dict[str, Any]
) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError):
        launched(tmp_path, instance, config)


def test_a_request_of_an_earlier_version_is_read(store: DocumentStore) -> None:
    store.write(
        "requests/1.json",
        b'{"id":"1","created":"2026-11-25T02:03:11Z","batches":["a"],"lane":"inbox","why":"retry"}',
    )
    [request] = read_requests(store)
    assert isinstance(request, Request)
    assert request.by == ""


def test_it_has_its_own_names_beside_others() -> None:
    job = docmill_definitions(key_prefix="mill").resolve_job_def("mill_convert_files")
    assert [node.name for node in job.graph.nodes] == ["mill_find_files"]
