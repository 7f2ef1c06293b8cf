"""All that docmill uses of Dagster and that is not public there; nothing else imports `dagster._*`.

Each name says why it is needed and which public one is missing. Dagster is pinned exactly in pyproject.toml,
and `tests/instance/test_dagster_internals.py` holds what is used of each against the installed version: raise
the pin, run that test.

Not imported, yet not public either: `DefaultRunLauncher._instance` and `K8sRunLauncher._api_client`, which
the launchers read, and the modules that `deploy/dagster.yaml` names as Dagster's documentation does
(`dagster.core...`).
"""

from __future__ import annotations

import inspect
import multiprocessing
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from multiprocessing.context import BaseContext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import dagster as dg

# Runs a job that a process has in memory. The public `execute_in_process` does it by the same, but creates
# the run itself, without an origin.
from dagster._core.definitions.job_base import InMemoryJob

# What the one repository of `Definitions` is called.
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME

# Sensors and schedules with their ticks, as `DagsterInstance.all_instigator_state` and `get_ticks` have them.
# Only GraphQL shows them in public, and that needs a web server.
from dagster._core.definitions.run_request import InstigatorType

# What `define_asset_job` returns, which is public; for annotations.
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

# Whether Dagster's rules call for another run of one that failed, and the reasons that they tell apart. The
# daemon decides by it; there is no public way to ask for its verdict.
from dagster._core.events import RunFailureReason
from dagster._core.execution.api import execute_run

# Backfills, with the partitions that they are of. Only GraphQL shows them in public.
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

# What redirects a stream of the process into a file, by its descriptor.
from dagster._core.execution.compute_logs import redirect_to_file
from dagster._core.execution.plan.objects import ErrorSource
from dagster._core.execution.retries import auto_reexecution_should_retry_run

# Run monitoring asks a launcher whether a run's process is there. `DefaultRunLauncher` is public; what its
# method `check_run_worker_health` returns is not.
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus

# The job page and the Timeline show the runs of a job by their origin: the job's code location and its one
# repository. The last is an origin that names a location and says nothing of how it is served.
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,  # of a sensor or a schedule: what is switched is kept by it
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick, TickStatus

# Keeps the output of runs in files. Instances name it in their settings, as documented; it is public nowhere.
from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager

# Tags of runs. That they exist is documented, and of most what they mean; the constants are not public.
from dagster._core.storage.tags import (
    AUTO_RETRY_RUN_ID_TAG,  # the run that was launched to retry this one
    BACKFILL_ID_TAG,  # the backfill that launched the run
    GRPC_INFO_TAG,  # the code server that started the run
    MAX_RETRIES_TAG,  # how often one that failed is run again; documented
    PARTITION_NAME_TAG,  # its partition: `DagsterRun` has no public property of it
    RETRY_ON_ASSET_OR_OP_FAILURE_TAG,  # whether one that failed in a step is run again; documented
    RUN_FAILURE_REASON_TAG,  # a `RunFailureReason`
    USER_TAG,  # who launched it: the column "Launched by" of the UI
    WILL_RETRY_TAG,  # whether the daemon means to run it again
)

# What a workspace file names.
from dagster._core.workspace.load_target import WorkspaceFileTarget

# What a tick or a daemon failed of; `dagster` has no public name for it.
from dagster_shared.error import SerializableErrorInfo

__all__ = [
    "AUTO_RETRY_RUN_ID_TAG",
    "BACKFILL_ID_TAG",
    "GRPC_INFO_TAG",
    "MAX_RETRIES_TAG",
    "MODULES_OF_RUNS",
    "PARTITION_NAME_TAG",
    "RETRY_ON_ASSET_OR_OP_FAILURE_TAG",
    "RUN_FAILURE_REASON_TAG",
    "USER_TAG",
    "WILL_RETRY_TAG",
    "Backfill",
    "CapturedLogContext",
    "CheckRunHealthResult",
    "Heartbeat",
    "InstigatorState",
    "InstigatorTick",
    "InstigatorType",
    "LocalComputeLogManager",
    "RunFailureReason",
    "TickStatus",
    "UnresolvedAssetJobDefinition",
    "WorkerStatus",
    "active_backfills",
    "cancel_run",
    "engine_metadata",
    "failed_in_dagster",
    "follow_location",
    "has_code_server",
    "heartbeats",
    "is_served_here",
    "kept_engines",
    "location_of",
    "location_of_instigator",
    "output_files",
    "partition_of",
    "reason_of",
    "redirect_to_file",
    "run_job_here",
    "run_limits",
    "should_run_again",
    "start_run_processes_by",
    "switched_on_at",
]

#: Databases that are kept open: those of the instance and of a few runs.
_ENGINES = 8

#: What a code server has a run's process call, and what that imports when it gets there.
MODULES_OF_RUNS = (
    "dagster._grpc.impl",
    "dagster._core.execution.plan.active",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.instance.runs.run_domain",
    "dagster._core.storage.event_log.sqlite",
    "dagster._core.storage.migration.utils",
    "dagster._core.storage.runs.sqlite",
    "dagster._core.storage.schedules",
    "dagster._core.storage.sqlite_storage",
    "dagster._core.system_config.composite_descent",
    *(
        ("dagster_postgres.event_log", "dagster_postgres.run_storage", "dagster_postgres.schedule_storage")
        if find_spec("dagster_postgres")
        else ()
    ),
)


@dataclass(frozen=True)
class Heartbeat:
    """When a daemon was last heard of, and what went wrong in it lately."""

    at: datetime
    errors: Sequence[SerializableErrorInfo]


@dataclass(frozen=True)
class Backfill:
    """A backfill under way: its batches by where they stand; `asked` are those of no run yet."""

    id: str
    batches: Mapping[str, int]


def active_backfills(instance: dg.DagsterInstance) -> list[Backfill]:
    """The backfills that are not at their end."""
    return [
        Backfill(each.backfill_id, _batches_of(instance, each))
        for status in (BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING)
        for each in instance.get_backfills(status=status)
    ]


def _batches_of(instance: dg.DagsterInstance, backfill: PartitionBackfill) -> Mapping[str, int]:
    def count(*statuses: dg.DagsterRunStatus) -> int:
        tags = {BACKFILL_ID_TAG: backfill.backfill_id}
        return instance.get_runs_count(dg.RunsFilter(tags=tags, statuses=list(statuses)))

    runs = {
        "queued": count(dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED),
        "running": count(
            dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING
        ),
        "succeeded": count(dg.DagsterRunStatus.SUCCESS),
        "failed": count(dg.DagsterRunStatus.FAILURE),
        "canceled": count(dg.DagsterRunStatus.CANCELED),
    }
    data = backfill.asset_backfill_data
    partitions = (data.get_num_partitions() if data else len(backfill.partition_names or ())) or 0
    return {"asked": max(0, partitions - sum(runs.values())), **runs}


def cancel_run(instance: dg.DagsterInstance, run: str) -> bool:
    """Take a run out of the queue, or tell its process to stop; whether it could be told.

    As Dagster's UI does it: the coordinator of an instance has no public method for it.
    """
    return instance.run_coordinator.cancel_run(run)


def partition_of(run: dg.DagsterRun) -> str | None:
    """The partition that a run is of; None for a run of none, or of a range of them."""
    return run.tags.get(PARTITION_NAME_TAG)


def has_code_server(run: dg.DagsterRun) -> bool:
    """Whether a daemon or a web server has the run, and so may run it again; not the command line's own.

    `DagsterRun` is public, its origin is not.
    """
    origin = run.remote_job_origin
    return origin is not None and not isinstance(
        origin.repository_origin.code_location_origin, RegisteredCodeLocationOrigin
    )


def run_job_here(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    *,
    location: str,
    run_id: str | None = None,
    partition_key: str,
    run_config: Mapping[str, Any],
    resources: Mapping[str, Any],
    tags: Mapping[str, str],
) -> dg.JobExecutionResult:
    """Run a job in this process, as `execute_in_process` does, as a run of the job in a code location.

    `resources` are objects in place of the job's own, by key. Dagster's UI shows a run without a location
    neither on the page of its job nor on the Timeline.
    """
    given = {key: dg.ResourceDefinition.hardcoded_resource(each) for key, each in resources.items()}
    here = job.as_ephemeral_job(given, {})
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(location), SINGLETON_REPOSITORY_NAME)
    run = instance.create_run_for_job(
        here,
        run_id=run_id,
        run_config=run_config,
        tags={**job.run_tags, **here.get_tags_for_partition_key(partition_key, None), **tags},
        remote_job_origin=RemoteJobOrigin(repository, job.name),
    )
    return execute_run(InMemoryJob(here), run, instance)


def follow_location(instance: dg.DagsterInstance, former: str, workspace: Path) -> list[str]:
    """Sensors and schedules under a code location's former name stay so in the one location of a workspace.

    Those that Dagster knows there already are left alone. Returns the names of the others, which keep their
    cursors.
    """
    followed = []
    [location] = WorkspaceFileTarget([str(workspace)]).create_origins()
    for state in instance.all_instigator_state():
        if state.selector.location_name != former:
            continue
        repository = RemoteRepositoryOrigin(location, state.selector.repository_name)
        origin = RemoteInstigatorOrigin(repository, state.instigator_name)
        moved = type(state)(origin, state.instigator_type, state.status, state.instigator_data)
        if instance.get_instigator_state(moved.instigator_origin_id, moved.selector_id) is None:
            instance.add_instigator_state(moved)
            followed.append(state.instigator_name)
    return followed


def output_files(manager: LocalComputeLogManager, log_key: Sequence[str]) -> tuple[Path, Path, Path]:
    """Where a manager keeps what is written to stdout and to stderr, and the file that ends them."""
    out, err = IO_TYPE_EXTENSION[ComputeIOType.STDOUT], IO_TYPE_EXTENSION[ComputeIOType.STDERR]
    names = (manager.get_captured_local_path(log_key, each) for each in (out, err, "complete"))
    stdout, stderr, complete = map(Path, names)
    return stdout, stderr, complete


def should_run_again(
    instance: dg.DagsterInstance, run: dg.DagsterRun, reason: RunFailureReason | None
) -> bool:
    """Whether the instance's settings call for another run of this one, which failed for this reason."""
    return bool(auto_reexecution_should_retry_run(instance, run, reason))


def engine_metadata(event: dg.DagsterEvent) -> Mapping[str, dg.MetadataValue]:
    """What an engine event says: `pid` when it tells of the run's process.

    `DagsterEvent` is public, the data of its kinds is not.
    """
    return event.engine_event_data.metadata if event.event_type is dg.DagsterEventType.ENGINE_EVENT else {}


def failed_in_dagster(event: dg.DagsterEvent) -> bool:
    """Whether a step failed because Dagster did, as when the database is away, and not its function."""
    return event.is_step_failure and event.step_failure_data.error_source is ErrorSource.UNEXPECTED_ERROR


def heartbeats(instance: dg.DagsterInstance) -> dict[str, Heartbeat | None]:
    """The daemons that an instance needs by their types; None for one that was never heard of.

    `DagsterInstance` is public, its methods about daemons are not.
    """
    beats = instance.get_daemon_heartbeats()
    return {
        daemon: Heartbeat(datetime.fromtimestamp(beat.timestamp, UTC), beat.errors or ())
        if (beat := beats.get(daemon))
        else None
        for daemon in instance.get_required_daemon_types()
    }


def location_of(run: dg.DagsterRun) -> str | None:
    """The code location that a run is of; None for the command line's own."""
    origin = run.remote_job_origin
    return origin.repository_origin.code_location_origin.location_name if origin else None


def location_of_instigator(state: InstigatorState) -> str:
    """The code location that a sensor or schedule is of."""
    return str(state.repository_selector.location_name)


def run_limits(instance: dg.DagsterInstance, tag: str, value: str) -> list[int]:
    """How many runs with this tag the instance's queue lets go at once, by each of its limits.

    `DagsterInstance` is public, its queue's settings are not.
    """
    queue = instance.get_concurrency_config().run_queue_config
    if queue is None:
        return []
    # -1: as many as there are
    limits = [queue.max_concurrent_runs] if queue.max_concurrent_runs >= 0 else []
    for each in queue.tag_concurrency_limits or []:
        if each["key"] == tag and (not isinstance(each.get("value"), str) or each["value"] == value):
            limits.append(each["limit"])
    return limits


def switched_on_at(state: InstigatorState) -> float | None:
    """When a sensor was switched on, or first ticked; None where that is not known."""
    data = state.sensor_instigator_data
    return data.last_sensor_start_timestamp if data else None


def reason_of(error: SerializableErrorInfo) -> str:
    """What was raised, without its class: Dagster wraps what a sensor raises in errors of its own."""
    while error.cause and error.message.startswith("dagster"):
        error = error.cause
    text = " ".join(error.message.split())
    return (text.partition(f"{error.cls_name}: ")[2] if error.cls_name else "") or text


@contextmanager
def kept_engines() -> Iterator[None]:
    """Inside, SQLite's storages in this process use engines and their connections again.

    They make an engine for every query, which compiles every statement anew, and close their only connection
    after it, which has SQLite write its log into the database and wait for the disk: of a run half a CPU
    second, and seconds on a slow disk. And they read the migrations for each database that they look at. Here
    a commit does not wait for the disk either: after a power cut the database is whole, and may lack the last
    events. Where a storage does one of these otherwise, it goes on as it does.
    """
    from dagster._core.storage import sql
    from dagster._core.storage.event_log.sqlite import sqlite_event_log
    from dagster._core.storage.runs.sqlite import sqlite_run_storage
    from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
    from sqlalchemy.event import listen

    engines, scripts = _Engines(listen), _Scripts()
    with ExitStack() as stack:
        stack.callback(engines.close)
        for storage in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
            stack.enter_context(_replaced(storage, "create_engine", engines.made_by))
        stack.enter_context(_replaced(sql, "ScriptDirectory", scripts.found_by))
        yield


@contextmanager
def _replaced(module: ModuleType, name: str, by: Callable[[Any], Any]) -> Iterator[None]:
    """Inside, what a module has under this name is what `by` makes of it; nothing where it has no such."""
    before = getattr(module, name, None)
    if before is None:
        yield
        return
    vars(module)[name] = by(before)
    try:
        yield
    finally:
        vars(module)[name] = before


class _Engines:
    """Engines by their databases: those of the instance, and of the latest runs, which have one each."""

    def __init__(self, listen: Callable[..., Any]) -> None:
        self._listen = listen
        self._kept: OrderedDict[str, Any] = OrderedDict()

    def made_by(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """`make`; of a database's engines without a pool one is made, with SQLAlchemy's own, and kept."""

        def made(database: str, **options: Any) -> Any:
            if getattr(options.get("poolclass"), "__name__", "") != "NullPool":
                return make(database, **options)
            if database not in self._kept:
                del options["poolclass"]
                self._keep(database, make(database, **options))
            self._kept.move_to_end(database)
            return self._kept[database]

        return made

    def close(self) -> None:
        """Close what they have open."""
        while self._kept:
            self._forget()

    def _keep(self, database: str, engine: Any) -> None:
        self._listen(engine, "connect", _do_not_wait)
        engine.dispose = _nothing  # the event log's storage disposes of its engine after every query
        self._kept[database] = engine
        if len(self._kept) > _ENGINES:
            self._forget()

    def _forget(self) -> None:
        _, engine = self._kept.popitem(last=False)
        type(engine).dispose(engine)


def _nothing() -> None:
    """Done instead of something."""


def _do_not_wait(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")


class _Scripts:
    """Migrations by where they are."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def found_by(self, directory: Any) -> Any:
        """What stands for alembic's `ScriptDirectory`, of which only this is called."""

        def from_config(config: Any) -> Any:
            place = config.get_main_option("script_location")
            if place not in self._found:
                self._found[place] = directory.from_config(config)
            return self._found[place]

        return SimpleNamespace(from_config=from_config)


def is_served_here(module: str) -> bool:
    """Whether this process is the code server of this module."""
    return _is_code_server() and module in sys.argv


def start_run_processes_by(context: BaseContext) -> bool:
    """Have the code servers of this process start runs' processes in a context of multiprocessing.

    There is no public way: a launcher only asks the code server for a run. False where this process is no
    code server, and where that does not take the context from where it is put here; runs then start as
    Dagster has them.
    """
    if not _is_code_server():
        return False
    server = sys.modules.get("dagster._grpc.server")
    servicer: Any = getattr(server, "DagsterApiServer", None)
    start = inspect.unwrap(getattr(servicer, "StartRun", None) or is_served_here)
    if "_mp_ctx" not in start.__code__.co_names:
        return False
    # the servicer sets it for itself before it loads definitions: a property comes before that
    servicer._mp_ctx = property(lambda _servicer: context, lambda _servicer, _theirs: None)
    return True


def _is_code_server() -> bool:
    """Whether this process is `dagster api grpc`. What a code server starts has its arguments too."""
    return sys.argv[1:3] == ["api", "grpc"] and multiprocessing.parent_process() is None
