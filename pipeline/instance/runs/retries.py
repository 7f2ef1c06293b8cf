"""Runs that Dagster meant to run again, and could not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from docmill.pipeline.instance.dagster_internals import (
    AUTO_RETRY_RUN_ID_TAG,
    RUN_FAILURE_REASON_TAG,
    WILL_RETRY_TAG,
    RunFailureReason,
    failed_in_dagster,
    should_run_again,
)

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
    database was away, it notes that there will be no retry, although its own rules call for one. And when
    Dagster itself fails in a step, as when the database is away for longer than it waits to store an event,
    it takes that for a failure of the asset.
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
        if should_run_again(instance, run, _reason(instance, run)):
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
    failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    by_dagster = any(failed_in_dagster(entry.dagster_event) for entry in failures if entry.dagster_event)
    return RunFailureReason.RUN_EXCEPTION if by_dagster else reason
