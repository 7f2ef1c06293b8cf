"""What a step failed of, in the words of who raised it."""

from __future__ import annotations

import dagster as dg

__all__ = ["failure_reason"]


def failure_reason(event: dg.DagsterEvent) -> str:
    """What a step that failed has raised, without the traceback."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    return data.error.message if data.error else event.message or ""
