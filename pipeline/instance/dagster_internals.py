"""All that docmill uses of Dagster and that is not public there; nothing else imports `dagster._*`.

Each name says why it is needed and which public one is missing. Dagster is pinned exactly in pyproject.toml,
and `tests/instance/test_dagster_internals.py` holds what is used of each against the installed version: raise
the pin, run that test.

Not imported, yet not public either: `DefaultRunLauncher._instance`, which the launcher reads, and the modules
that `deploy/dagster.yaml` names as Dagster's documentation does (`dagster.core...`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

# Sensors and schedules with their ticks, as `DagsterInstance.all_instigator_state` and `get_ticks` have them.
# Only GraphQL shows them in public, and that needs a web server.
from dagster._core.definitions.run_request import InstigatorType

# What `define_asset_job` returns, which is public; for annotations.
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

# Whether Dagster's rules call for another run of one that failed, and the reasons that they tell apart. The
# daemon decides by it; there is no public way to ask for its verdict.
from dagster._core.events import RunFailureReason
from dagster._core.execution.plan.objects import ErrorSource
from dagster._core.execution.retries import auto_reexecution_should_retry_run

# Run monitoring asks a launcher whether a run's process is there. `DefaultRunLauncher` is public; what its
# method `check_run_worker_health` returns is not.
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick, TickStatus

# Tags of runs. That they exist is documented, and of most what they mean; the constants are not public.
from dagster._core.storage.tags import (
    AUTO_RETRY_RUN_ID_TAG,  # the run that was launched to retry this one
    GRPC_INFO_TAG,  # the code server that started the run
    PARTITION_NAME_TAG,  # its partition: `DagsterRun` has no public property of it
    RETRY_ON_ASSET_OR_OP_FAILURE_TAG,  # whether one that failed in a step is run again; documented
    RUN_FAILURE_REASON_TAG,  # a `RunFailureReason`
    WILL_RETRY_TAG,  # whether the daemon means to run it again
)

# What a tick or a daemon failed of; `dagster` has no public name for it.
from dagster_shared.error import SerializableErrorInfo

__all__ = [
    "AUTO_RETRY_RUN_ID_TAG",
    "GRPC_INFO_TAG",
    "PARTITION_NAME_TAG",
    "RETRY_ON_ASSET_OR_OP_FAILURE_TAG",
    "RUN_FAILURE_REASON_TAG",
    "WILL_RETRY_TAG",
    "CheckRunHealthResult",
    "Heartbeat",
    "InstigatorState",
    "InstigatorTick",
    "InstigatorType",
    "RunFailureReason",
    "TickStatus",
    "UnresolvedAssetJobDefinition",
    "WorkerStatus",
    "cancel_run",
    "engine_metadata",
    "failed_in_dagster",
    "has_code_server",
    "heartbeats",
    "location_of",
    "location_of_instigator",
    "partition_of",
    "reason_of",
    "run_limits",
    "should_run_again",
    "switched_on_at",
]


@dataclass(frozen=True)
class Heartbeat:
    """When a daemon was last heard of, and what went wrong in it lately."""

    at: datetime
    errors: Sequence[SerializableErrorInfo]


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
    return run.remote_job_origin is not None


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
