"""A conversion whose stages a script does; as a program it does a range of it, to be killed from outside."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.mapped.ranges import PageRange
from docmill.pipeline.stages.mapped.steps import run_range
from docmill.pipeline.stages.results.artifacts import Piece
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings, WorkerContext
from docmill.pipeline.stages.selection import FirstPages, NoPages, Pages
from docmill.pipeline.stages.spec import TimeLimits
from docmill.resources.clients.files.sources import SourceCache
from tests.support import workers
from tests.support.stage_runs import Needed, Second, Told, artifacts, document
from tests.support.workers import Script


@dataclass(frozen=True)
class ScriptedFirst(Needed):
    """Finds out which pages there are."""

    script: Script

    work = "tests.support.scripted:read"
    finish = "tests.support.scripted:look_over"

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> Any:
        return self.script


@dataclass(frozen=True)
class ScriptedSecond(Second):
    """Works on these."""

    script: Script

    work = "tests.support.scripted:work"

    def worker_engine(self, workers: int, identities: Mapping[str, Mapping[str, Any]]) -> Any:
        return self.script


def read(context: WorkerContext, job: Job, which: FirstPages | NoPages | Pages) -> Chunk:
    return workers.read(context.engine, job, which)


def work(context: WorkerContext, job: Job, asked: Pages) -> Chunk:
    return workers.work(context.engine, job, asked)


def look_over(context: WorkerContext, parts: Sequence[Piece]) -> dict[str, Any]:
    return workers.look_over(context.engine, parts)


def scripted(folder: Path, script: Script) -> Conversion:
    """The stages `first` and `second`, with two workers."""
    return Conversion(
        artifacts=artifacts(folder / "store"),
        sources=SourceCache(folder / "sources"),
        reader=ReaderSettings(),
        all_stages=[ScriptedFirst(script), ScriptedSecond(script)],
        workers=WorkerLimits(workers=2),
        limits=TimeLimits(task_s=20.0),
    )


def main(folder: str, calls: str, page_count: str, key: str) -> None:
    conversion = scripted(Path(folder), Script(calls, int(page_count), page_seconds=0.05))
    run_range(conversion, "first", [document()], PageRange.of_key(key), Told())


if __name__ == "__main__":
    main(*sys.argv[1:])
