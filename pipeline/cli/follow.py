"""Follows a request: documents done, and when it will be through."""

from __future__ import annotations

import time
from collections.abc import Sequence

import dagster as dg
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from docmill.pipeline.cli.ending.interrupting import leave_signals
from docmill.pipeline.instance.watching.queue import runs_of_request
from docmill.pipeline.intake.batches import Manifest

__all__ = ["follow"]

_EVERY_S = 2.0
_INTERRUPTED = 130
_OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def follow(
    instance: dg.DagsterInstance, request: str, manifests: Sequence[Manifest], console: Console
) -> int:
    """Show the documents whose batches have run, until all have; the exit code is 1 when a run failed.

    Ctrl-C ends the looking, not the runs.
    """
    leave_signals()
    sizes = {manifest.key: len(manifest.documents) for manifest in manifests}
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("documents"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )
    try:
        with bar:
            task = bar.add_task("waiting", total=sum(sizes.values()))
            while True:
                runs = runs_of_request(instance, request)
                over = [batch for batch, status in runs.items() if status in _OVER]
                words = "running" if len(runs) > len(over) else "waiting"
                bar.update(task, completed=sum(sizes.get(batch, 0) for batch in over), description=words)
                if len(over) >= len(sizes):
                    break
                time.sleep(_EVERY_S)
    except KeyboardInterrupt:
        console.print(f"Not followed any more; the runs go on. `docmill cancel {request}` stops them.")
        return _INTERRUPTED
    failed = [batch for batch, status in runs.items() if status is not dg.DagsterRunStatus.SUCCESS]
    for batch in failed:
        console.print(f"[red]not done:[/] batch {batch}; `docmill documents --batch {batch}` says why")
    return 1 if failed else 0
