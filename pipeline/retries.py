"""Runs that Dagster meant to run again, and could not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
from dagster._core.events import RunFailureReason
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, RUN_FAILURE_REASON_TAG, WILL_RETRY_TAG

__all__ = ["lost_retries"]

#: Older ones are left to the nightly backfill.
_LOOK_BACK = timedelta(hours=12)
_LIMIT = 500


def lost_retries(instance: dg.DagsterInstance, job: str, now: datetime) -> Iterator[dg.DagsterRun]:
    """Failed runs that should have been run again and were not, the earliest first.

    Dagster tries that once. When it fails, as with a code location that could not be loaded because the
    database was away, it notes that there will be no retry, although its own rules call for one
    (`dagster._daemon.auto_run_reexecution`).
    """
    given_up = dg.RunsFilter(
        job_name=job,
        statuses=[dg.DagsterRunStatus.FAILURE],
        tags={WILL_RETRY_TAG: "false"},
        updated_after=now - _LOOK_BACK,
    )
    for run in reversed(instance.get_runs(given_up, limit=_LIMIT)):
        said = run.tags.get(RUN_FAILURE_REASON_TAG)
        reason = RunFailureReason(said) if said else None
        if AUTO_RETRY_RUN_ID_TAG not in run.tags and auto_reexecution_should_retry_run(instance, run, reason):
            yield run
