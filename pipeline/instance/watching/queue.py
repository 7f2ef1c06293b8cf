"""What Dagster has to do for docmill: runs that wait, run or seem stuck, and whether its daemon is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from docmill.pipeline.corpus.overview import ActiveRun, WorkSpan
from docmill.pipeline.instance.dagster_internals import cancel_run, heartbeats, partition_of
from docmill.pipeline.instance.watching.active_runs import ACTIVE

__all__ = [
    "active_runs",
    "cancel_runs",
    "daemon_lives",
    "last_heartbeat",
    "recent_work",
    "runs_of_request",
]

#: The request that a run is of.
REQUEST_TAG = "docmill/request"
#: As `docmill health` has it; Dagster's daemon beats every half a minute.
_SILENCE = timedelta(minutes=5)
_QUEUED = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)


def active_runs(instance: dg.DagsterInstance) -> list[ActiveRun]:
    """The runs of batches that wait or run, the oldest first."""
    found = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=ACTIVE), ascending=True):
        run = record.dagster_run
        if batch := partition_of(run):
            queued = run.status in _QUEUED
            since = record.create_timestamp if record.start_time is None else _moment(record.start_time)
            said = since if queued else _last_event(instance, run.run_id) or since
            found.append(ActiveRun(run.run_id, batch, queued, run.tags.get("lane", ""), since, said))
    return found


def recent_work(instance: dg.DagsterInstance, since: datetime, now: datetime) -> list[WorkSpan]:
    """When runs of batches worked between two moments."""
    records = instance.get_run_records(dg.RunsFilter(updated_after=since))
    running = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    spans = {
        record.dagster_run.run_id: WorkSpan(
            max(since, _moment(record.start_time)), _moment(record.end_time) if record.end_time else now
        )
        for record in [*records, *running]
        if record.start_time is not None and partition_of(record.dagster_run)
    }
    return list(spans.values())


def last_heartbeat(instance: dg.DagsterInstance) -> datetime | None:
    """When Dagster's daemon last said that it lives: the oldest of its parts. None: never."""
    return min((beat.at for beat in heartbeats(instance).values() if beat), default=None)


def daemon_lives(heartbeat: datetime | None, now: datetime) -> bool:
    """Whether the daemon that last said so lives."""
    return heartbeat is not None and now - heartbeat < _SILENCE


def runs_of_request(instance: dg.DagsterInstance, request: str) -> dict[str, dg.DagsterRunStatus]:
    """How the latest run of each batch of a request stands, by batch."""
    records = instance.get_run_records(dg.RunsFilter(tags={REQUEST_TAG: request}), ascending=True)
    return {
        batch: record.dagster_run.status for record in records if (batch := partition_of(record.dagster_run))
    }


def cancel_runs(instance: dg.DagsterInstance, request: str) -> int:
    """Stop the runs of a request that wait or run; how many were told so."""
    records = instance.get_run_records(dg.RunsFilter(tags={REQUEST_TAG: request}, statuses=ACTIVE))
    return sum(cancel_run(instance, record.dagster_run.run_id) for record in records)


def _last_event(instance: dg.DagsterInstance, run: str) -> datetime | None:
    records = instance.get_records_for_run(run, limit=1, ascending=False).records
    return _moment(records[0].event_log_entry.timestamp) if records else None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
