"""The workers of a run, as a Dagster resource: they rest between its steps, and end with it."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from docmill.pipeline.stages.running.workers.crew import Crew

__all__ = ["run_crew"]


@dg.resource(description="Worker processes, which rest between the steps of a run in one process")
def run_crew() -> Iterator[Crew]:
    """A crew for each process of a run; workers are started when there is work for them."""
    with Crew() as crew:
        yield crew
