"""What an alert says of a run that failed."""

from __future__ import annotations

import dagster as dg

from docmill.pipeline.instance.dagster_internals import partition_of

__all__ = ["failure_text"]

_MAX_STEPS = 5
_MAX_TEXT = 600


def failure_text(context: dg.RunFailureSensorContext, ui: str) -> str:
    """A few lines of Slack's mrkdwn: the job, its batch, each failed step with its reason.

    With a link to the run where it is known that the UI is at `ui`.
    """
    run = context.dagster_run
    batch = partition_of(run)
    of = f" of batch `{batch}`" if batch else ""
    lines = [f":red_circle: `{run.job_name}`{of} failed ({_link(run.run_id, ui)})"]
    events = context.get_step_failure_events()
    lines += [f"• `{event.step_key}`: {_short(_reason(event))}" for event in events[:_MAX_STEPS]]
    if len(events) > _MAX_STEPS:
        lines.append(f"• and {len(events) - _MAX_STEPS} more steps")
    if not events:
        lines.append(f"• {_short(context.failure_event.message or 'no step failed; see the run')}")
    return "\n".join(lines)


def _reason(event: dg.DagsterEvent) -> str:
    """What the step raised, without the traceback."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    return data.error.message if data.error else event.message or ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TEXT else line[: _MAX_TEXT - 1] + "…"


def _link(run: str, ui: str) -> str:
    return f"<{ui}/runs/{run}|{run[:8]}>" if ui else f"run {run[:8]}"
