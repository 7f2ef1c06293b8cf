"""All that docmill uses of Dagster and that is not public there; nothing else imports `dagster._*`.

Each name says why it is needed and which public one is missing. Dagster is pinned exactly in pyproject.toml,
and `tests/instance/test_dagster_internals.py` holds what is used of each against the installed version: raise
the pin, run that test.

Not imported, yet not public either: `DefaultRunLauncher._instance`, which the launcher reads, and the modules
that `deploy/dagster.yaml` names as Dagster's documentation does (`dagster.core...`).
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

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

# Tags of runs. That they exist is documented, and of most what they mean; the constants are not public.
from dagster._core.storage.tags import (
    AUTO_RETRY_RUN_ID_TAG,  # the run that was launched to retry this one
    GRPC_INFO_TAG,  # the code server that started the run
    PARTITION_NAME_TAG,  # its partition: `DagsterRun` has no public property of it
    RETRY_ON_ASSET_OR_OP_FAILURE_TAG,  # whether one that failed in a step is run again; documented
    RUN_FAILURE_REASON_TAG,  # a `RunFailureReason`
    WILL_RETRY_TAG,  # whether the daemon means to run it again
)

__all__ = [
    "AUTO_RETRY_RUN_ID_TAG",
    "GRPC_INFO_TAG",
    "PARTITION_NAME_TAG",
    "RETRY_ON_ASSET_OR_OP_FAILURE_TAG",
    "RUN_FAILURE_REASON_TAG",
    "WILL_RETRY_TAG",
    "CheckRunHealthResult",
    "RunFailureReason",
    "UnresolvedAssetJobDefinition",
    "WorkerStatus",
    "cancel_run",
    "engine_metadata",
    "failed_in_dagster",
    "has_code_server",
    "partition_of",
    "should_run_again",
]


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
