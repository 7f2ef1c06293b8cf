"""What docmill uses of Dagster's internals, held against the installed version."""

from __future__ import annotations

import inspect
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest
import yaml
from dagster._core.execution.plan.objects import ErrorSource
from dagster._core.storage import tags as dagster_tags
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import serializable_error_info_from_exc_info
from dagster_shared.error import SerializableErrorInfo
from sqlalchemy import Engine
from sqlalchemy.event import listen, remove

from docmill.pipeline.convert.errors import SourceMissingError
from docmill.pipeline.instance import dagster_internals
from docmill.pipeline.instance.coordinator import LanedRunCoordinator
from docmill.pipeline.instance.dagster_internals import (
    GRPC_INFO_TAG,
    RUN_FAILURE_REASON_TAG,
    CheckRunHealthResult,
    RunFailureReason,
    UnresolvedAssetJobDefinition,
    WorkerStatus,
    engine_metadata,
    failed_in_dagster,
    has_code_server,
    heartbeats,
    kept_engines,
    partition_of,
    reason_of,
    run_job_here,
    run_limits,
    should_run_again,
)
from docmill.pipeline.instance.launcher import WatchedRunLauncher
from docmill.pipeline.instance.run_output import RunOutput
from docmill.pipeline.instance.runs import lanes

ROOT = Path(__file__).parents[2]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    retries = {"enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False}
    launcher = {"module": WatchedRunLauncher.__module__, "class": WatchedRunLauncher.__name__}
    settings = {"run_retries": retries, "run_launcher": launcher}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides=settings) as made:
        yield made


@dg.op
def succeeds() -> None:
    pass


@dg.op
def fails() -> None:
    raise ValueError("of our own")


@dg.job
def good() -> None:
    succeeds()


@dg.job
def bad() -> None:
    fails()


def events(instance: dg.DagsterInstance, job: dg.JobDefinition) -> Sequence[dg.DagsterEvent]:
    return job.execute_in_process(instance=instance, raise_on_error=False).all_events


def failed(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    run = instance.create_run_for_job(bad, status=dg.DagsterRunStatus.STARTED, tags=tags)
    instance.report_run_failed(run)
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


def test_the_installed_version_is_the_pinned_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(each for some in project["optional-dependencies"].values() for each in some),
    ]
    pins = dict(each.split("==") for each in wanted if each.startswith("dagster"))
    assert {"dagster", "dagster-k8s", "dagster-postgres", "dagster-webserver", "dagster-dg-cli"} == set(pins)
    assert {name: version(name) for name in pins} == pins


def test_tags_read_as_they_are_documented_and_stored() -> None:
    stored = {
        "AUTO_RETRY_RUN_ID_TAG": "dagster/auto_retry_run_id",
        "BACKFILL_ID_TAG": "dagster/backfill",
        "GRPC_INFO_TAG": ".dagster/grpc_info",
        "MAX_RETRIES_TAG": "dagster/max_retries",
        "PARTITION_NAME_TAG": "dagster/partition",
        "RETRY_ON_ASSET_OR_OP_FAILURE_TAG": "dagster/retry_on_asset_or_op_failure",
        "RUN_FAILURE_REASON_TAG": "dagster/failure_reason",
        "USER_TAG": "user",
        "WILL_RETRY_TAG": "dagster/will_retry",
    }
    assert {
        name: getattr(dagster_internals, name) for name in dagster_internals.__all__ if name.endswith("_TAG")
    } == stored
    assert lanes.PRIORITY_TAG == dagster_tags.PRIORITY_TAG


def test_the_launcher_is_asked_by_run_monitoring(instance: dg.DagsterInstance) -> None:
    launcher = instance.run_launcher
    assert isinstance(launcher, WatchedRunLauncher)
    assert launcher.supports_check_run_worker_health
    assert launcher._instance is instance
    theirs = inspect.signature(dg.DefaultRunLauncher.check_run_worker_health)
    assert list(inspect.signature(WatchedRunLauncher.check_run_worker_health).parameters) == list(
        theirs.parameters
    )
    assert list(CheckRunHealthResult._fields)[:2] == ["status", "msg"]
    assert {WorkerStatus.RUNNING.value, WorkerStatus.NOT_FOUND.value} == {"RUNNING", "NOT_FOUND"}


def test_runs_tell_of_their_process(instance: dg.DagsterInstance) -> None:
    told = [engine_metadata(event) for event in events(instance, good)]
    assert {str(each["pid"].value) for each in told if "pid" in each} == {str(os.getpid())}


def test_whose_fault_a_step_was(instance: dg.DagsterInstance) -> None:
    assert not any(failed_in_dagster(event) for event in events(instance, good))
    [failure] = [event for event in events(instance, bad) if event.is_step_failure]
    assert not failed_in_dagster(failure)
    # an event that cannot be stored fails its step: tests/defs/test_sensors.py makes one
    theirs = failure.step_failure_data._replace(error_source=ErrorSource.UNEXPECTED_ERROR)
    assert failed_in_dagster(failure._replace(event_specific_data=theirs))


def test_the_daemon_s_rules_for_another_run(instance: dg.DagsterInstance) -> None:
    run = failed(instance)
    assert should_run_again(instance, run, None)
    assert should_run_again(instance, run, RunFailureReason.RUN_EXCEPTION)
    assert not should_run_again(instance, run, RunFailureReason.STEP_FAILURE)
    wanted = failed(instance, **{dagster_internals.RETRY_ON_ASSET_OR_OP_FAILURE_TAG: "true"})
    assert should_run_again(instance, wanted, RunFailureReason.STEP_FAILURE)
    assert not should_run_again(instance, failed(instance, **{"dagster/max_retries": "0"}), None)


def test_a_run_says_why_it_failed_and_whether_it_is_run_again(instance: dg.DagsterInstance) -> None:
    result = bad.execute_in_process(instance=instance, raise_on_error=False)
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert RunFailureReason(run.tags[RUN_FAILURE_REASON_TAG]) is RunFailureReason.STEP_FAILURE
    assert run.tags[dagster_internals.WILL_RETRY_TAG] == "false"
    assert failed(instance).tags[dagster_internals.WILL_RETRY_TAG] == "true"


def test_a_run_of_the_command_line_has_no_code_server_and_no_partition(instance: dg.DagsterInstance) -> None:
    run = good.execute_in_process(instance=instance).dagster_run
    assert not has_code_server(run)
    assert partition_of(run) is None
    assert GRPC_INFO_TAG not in run.tags
    assert partition_of(instance.create_run_for_job(good, tags={"dagster/partition": "b1"})) == "b1"


def test_a_job_run_here_is_a_run_of_its_code_location(instance: dg.DagsterInstance) -> None:
    """By the label that the job's page filters by, and the origin that the Timeline has its rows of."""

    class Taken:
        said = ""

    @dg.op(required_resource_keys={"taken"})
    def says(context) -> None:  # type: ignore[no-untyped-def]  # Dagster reads no text as an annotation
        context.resources.taken.said = context.partition_key

    partitions = dg.DynamicPartitionsDefinition(name="some")
    instance.add_dynamic_partitions("some", ["b1"])

    @dg.job(partitions_def=partitions, resource_defs={"taken": dg.ResourceDefinition.none_resource()})
    def spoken() -> None:
        says()

    taken = Taken()
    result = run_job_here(
        spoken,
        instance,
        location="docmill",
        partition_key="b1",
        run_config={},
        resources={"taken": taken},
        tags={"mine": "yes"},
    )
    assert result.success
    assert taken.said == "b1"
    [run] = instance.get_runs(dg.RunsFilter(tags={".dagster/repository": "__repository__@docmill"}))
    assert run.run_id == result.run_id
    assert run.remote_job_origin is not None
    assert (run.remote_job_origin.location_name, run.remote_job_origin.job_name) == ("docmill", "spoken")
    assert (run.tags["mine"], partition_of(run)) == ("yes", "b1")
    assert not has_code_server(run)


def test_an_instance_says_which_daemons_it_needs_and_when_they_were_heard_of(
    instance: dg.DagsterInstance,
) -> None:
    found = heartbeats(instance)
    assert {"SENSOR", "SCHEDULER", "BACKFILL"} <= found.keys()
    assert set(found.values()) == {None}
    instance.add_daemon_heartbeat(DaemonHeartbeat(1764400000.0, "SENSOR", "one", None))
    beat = heartbeats(instance)["SENSOR"]
    assert beat is not None
    assert (beat.at.timestamp(), list(beat.errors)) == (1764400000.0, [])


def test_what_a_sensor_raised_is_told_and_not_what_dagster_made_of_it() -> None:
    def error(raised: Exception) -> SerializableErrorInfo:
        try:
            raise raised
        except type(raised):
            return serializable_error_info_from_exc_info(sys.exc_info())

    ours = SourceMissingError("there is no inbox at /in")
    ours.__cause__ = FileNotFoundError("/in")
    theirs = dg.DagsterInvariantViolationError("in a sensor")
    theirs.__cause__ = ours
    assert reason_of(error(theirs)) == reason_of(error(ours)) == "there is no inbox at /in"
    assert reason_of(error(dg.DagsterInvariantViolationError("in Dagster"))) == "in Dagster"


def test_the_shipped_instance_names_what_there_is(tmp_path: Path) -> None:
    """Its modules are named as Dagster's documentation does."""
    shipped = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text("utf-8"))
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(shipped), "utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        assert isinstance(made.run_launcher, WatchedRunLauncher)
        assert isinstance(made.run_coordinator, LanedRunCoordinator)
        assert isinstance(made.compute_log_manager, RunOutput)
        assert not made.nux_enabled
        assert made.run_monitoring_enabled
        assert sorted(run_limits(made, "lane", "backfill")) == [1, 2]
        assert run_limits(made, "lane", "inbox") == [2]
        assert not made.telemetry_enabled


def test_what_makes_a_job_of_assets_is_what_annotations_say() -> None:
    assert isinstance(dg.define_asset_job("any"), UnresolvedAssetJobDefinition)


@contextmanager
def counted_connections() -> Iterator[list[str]]:
    """The databases that are connected to inside, once for each connection."""
    made: list[str] = []

    def note(connection: Any, _record: object) -> None:
        made.append(connection.execute("PRAGMA database_list").fetchone()[2])

    listen(Engine, "connect", note)
    try:
        yield made
    finally:
        remove(Engine, "connect", note)


def test_sqlite_is_connected_to_once_for_all_queries_of_a_run(tmp_path: Path) -> None:
    with dg.DagsterInstance.from_config(str(tmp_path)) as made, counted_connections() as usual:
        good.execute_in_process(instance=made)
    with kept_engines(), dg.DagsterInstance.from_config(str(tmp_path)) as made, counted_connections() as kept:
        ids = [good.execute_in_process(instance=made).run_id for _ in range(2)]
        assert max(Counter(kept).values()) <= 2
        assert len(usual) > 3 * len(kept)
    # nothing is left open, and whoever comes after finds all of it
    assert list(tmp_path.rglob("*.db-wal")) == []
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        for run in ids:
            logged = [each.dagster_event for each in made.all_logs(run)]
            assert [event for event in logged if event and event.is_step_success]
        assert [run.is_success for run in made.get_runs()] == [True] * 3


def test_many_runs_do_not_keep_many_databases_open(tmp_path: Path) -> None:
    with kept_engines(), dg.DagsterInstance.from_config(str(tmp_path)) as made:
        for _ in range(12):
            good.execute_in_process(instance=made)
        files = [Path(file.path) for file in psutil.Process().open_files()]
        assert len({file for file in files if file.is_relative_to(tmp_path) and file.suffix == ".db"}) <= 8
