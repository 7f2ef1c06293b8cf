"""Runs that failed, and what an alert says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dagster as dg

from docmill.pipeline.instance.dagster_internals import WILL_RETRY_TAG, partition_of
from docmill.pipeline.instance.reporting.step_failures import failure_reason

__all__ = ["FailedRuns", "failed_runs", "failure_text", "newest_failure"]

_MAX_STEPS = 5
_MAX_TEXT = 600
#: Failures of one look.
_MAX_RUNS = 200


@dataclass(frozen=True)
class FailedRuns:
    """Runs that failed after a certain one, each with what Dagster said of it; `last` is where to go on."""

    runs: Sequence[tuple[dg.DagsterRun, str]]
    last: int


def newest_failure(instance: dg.DagsterInstance) -> int:
    """Where the log of failures ends now; 0 when no run has failed."""
    newest = instance.fetch_run_status_changes(dg.DagsterEventType.RUN_FAILURE, limit=1).records
    return newest[0].storage_id if newest else 0


def failed_runs(
    instance: dg.DagsterInstance, after: int, wanted: Callable[[dg.DagsterRun], bool]
) -> FailedRuns:
    """The runs that failed after that place of the log, and are `wanted`; the earliest first."""
    events = instance.fetch_run_status_changes(
        dg.RunStatusChangeRecordsFilter(dg.DagsterEventType.RUN_FAILURE, after_storage_id=after),
        limit=_MAX_RUNS,
        ascending=True,
    ).records
    found = []
    for event in events:
        run = instance.get_run_by_id(event.run_id)
        if run and wanted(run):
            said = event.event_log_entry.dagster_event
            found.append((run, (said and said.message) or ""))
    return FailedRuns(found, events[-1].storage_id if events else after)


def failure_text(instance: dg.DagsterInstance, run: dg.DagsterRun, said: str, ui: str) -> str:
    """A few lines of Slack's mrkdwn: the job, its batch, each failed step with its reason.

    With a link to the run where it is known that the UI is at `ui`; `said` stands where no step failed.
    """
    batch = partition_of(run)
    of = f" of batch `{batch}`" if batch else ""
    again = "; Dagster runs it again" if run.tags.get(WILL_RETRY_TAG) == "true" else ""
    lines = [f":red_circle: `{run.job_name}`{of} failed ({_link(run.run_id, ui)}){again}"]
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    lines += [f"• `{event.step_key}`: {_short(failure_reason(event))}" for event in events[:_MAX_STEPS]]
    if len(events) > _MAX_STEPS:
        lines.append(f"• and {len(events) - _MAX_STEPS} more steps")
    if not events:
        lines.append(f"• {_short(said or 'no step failed; see the run')}")
    return "\n".join(lines)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TEXT else line[: _MAX_TEXT - 1] + "…"


def _link(run: str, ui: str) -> str:
    return f"<{ui}/runs/{run}|{run[:8]}>" if ui else f"run {run[:8]}"
