"""Runs that wait or run: what is under way already is not asked for again."""

from __future__ import annotations

import dagster as dg

from docmill.pipeline.instance.dagster_internals import partition_of

__all__ = ["ACTIVE", "has_active_run", "running_batches"]

#: Of runs that wait or run.
ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def running_batches(instance: dg.DagsterInstance) -> set[str]:
    """Batches that wait in the queue or run, whatever launched them.

    Runs of all jobs count: those of assets that somebody chose in the UI, and of backfills, are not runs of
    `convert_documents`.
    """
    runs = instance.get_runs(dg.RunsFilter(statuses=ACTIVE))
    return {batch for run in runs if (batch := partition_of(run))}


def has_active_run(instance: dg.DagsterInstance, job: str) -> bool:
    """Whether a run of the job waits in the queue or runs."""
    return bool(instance.get_run_ids(dg.RunsFilter(job_name=job, statuses=ACTIVE), limit=1))
