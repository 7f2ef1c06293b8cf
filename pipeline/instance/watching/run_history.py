"""How a run went, step by step, as its log says."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import msgspec

from docmill.pipeline.instance.reporting.step_failures import failure_reason
from docmill.pipeline.instance.runs.interrupted import WHY

__all__ = ["RunHistory", "StepHistory", "run_history"]


class StepHistory(msgspec.Struct, frozen=True):
    """A step: how often it was tried, and what it said when it failed."""

    name: str
    status: str
    attempts: int
    said: str


class RunHistory(msgspec.Struct, frozen=True):
    """A run; `seconds` are None while it has not ended, `why` is what it was asked for."""

    run: str
    status: str
    started: datetime | None
    seconds: float | None
    why: str
    steps: list[StepHistory]


def run_history(instance: dg.DagsterInstance, run: str) -> RunHistory | None:
    """The run's history; None where the instance has no such run."""
    records = instance.get_run_records(dg.RunsFilter(run_ids=[run]), limit=1) if run else []
    if not records:
        return None
    [record] = records
    start, end = record.start_time, record.end_time
    return RunHistory(
        run,
        record.dagster_run.status.value,
        datetime.fromtimestamp(start, UTC) if start is not None else None,
        end - start if start is not None and end is not None else None,
        record.dagster_run.tags.get(WHY, ""),
        _steps(instance, run),
    )


def _steps(instance: dg.DagsterInstance, run: str) -> list[StepHistory]:
    said: dict[str, str] = {}
    for entry in instance.all_logs(run, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event and event.step_key:
            said[event.step_key] = " ".join(failure_reason(event).split())
    return [
        StepHistory(
            stats.step_key,
            stats.status.value if stats.status else "STARTED",
            stats.attempts or 1,
            said.get(stats.step_key, ""),
        )
        for stats in sorted(instance.get_run_step_stats(run), key=lambda each: each.start_time or 0.0)
    ]
