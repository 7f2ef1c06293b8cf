"""Runs that Dagster meant to run again, and could not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
from dagster._core.events import DagsterEventType, RunFailureReason
from dagster._core.execution.plan.objects import ErrorSource, StepFailureData
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, RUN_FAILURE_REASON_TAG, WILL_RETRY_TAG

__all__ = ["RUN_AGAIN_TAG", "lost_retries", "times_run_again"]

#: How often the batch of a run was run again because a retry was lost.
RUN_AGAIN_TAG = "docmill/run_again"

#: Older ones are left to the nightly backfill.
_LOOK_BACK = timedelta(hours=12)
_LIMIT = 500
_MAX_TIMES = 5


def lost_retries(instance: dg.DagsterInstance, job: str, now: datetime) -> Iterator[dg.DagsterRun]:
    """Failed runs that should have been run again and were not, the earliest first.

    Dagster tries that once. When it fails, as with a code location that could not be loaded because the
    database was away, it notes that there will be no retry, although its own rules call for one
    (`dagster._daemon.auto_run_reexecution`). And when Dagster itself fails in a step, as when the database is
    away for longer than it waits to store an event, it takes that for a failure of the asset.
    """
    given_up = dg.RunsFilter(
        job_name=job,
        statuses=[dg.DagsterRunStatus.FAILURE],
        tags={WILL_RETRY_TAG: "false"},
        updated_after=now - _LOOK_BACK,
    )
    for run in reversed(instance.get_runs(given_up, limit=_LIMIT)):
        if AUTO_RETRY_RUN_ID_TAG in run.tags or times_run_again(run) >= _MAX_TIMES:
            continue
        if auto_reexecution_should_retry_run(instance, run, _reason(instance, run)):
            yield run


def times_run_again(run: dg.DagsterRun) -> int:
    """What `RUN_AGAIN_TAG` says."""
    return int(run.tags.get(RUN_AGAIN_TAG, "0"))


def _reason(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunFailureReason | None:
    """Why the run failed: a step that Dagster failed in is an exception of the run."""
    said = run.tags.get(RUN_FAILURE_REASON_TAG)
    reason = RunFailureReason(said) if said else None
    if reason is not RunFailureReason.STEP_FAILURE:
        return reason
    failures = instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE)
    data = [entry.dagster_event.event_specific_data for entry in failures if entry.dagster_event]
    by_dagster = [
        isinstance(each, StepFailureData) and each.error_source is ErrorSource.UNEXPECTED_ERROR
        for each in data
    ]
    return RunFailureReason.RUN_EXCEPTION if any(by_dagster) else reason
