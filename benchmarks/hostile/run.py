"""The corpus through `docmill convert`: Dagster's job, batches of 64, worker pools and their limits."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console

from benchmarks.measuring.processes import PeakMemory
from docmill.pipeline.cli.convert_files import ConvertOptions, configured_conversion, convert_files
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["Run", "RunSettings", "convert_corpus"]


@dataclass(frozen=True)
class RunSettings:
    """The limits of a run; `timeout` in seconds for a page chunk, memory in megabytes of each worker."""

    workers: int = 2
    timeout: float = 15.0
    memory_mb: int = 1024


@dataclass(frozen=True)
class Run:
    """The final record of every document, and how many workers each of them cost."""

    records: list[StageRecord]
    lost_workers: dict[str, int]
    seconds: float
    peak_mb: float


def convert_corpus(folder: Path, home: Path, settings: RunSettings) -> Run:
    """Convert all below a folder in a fresh process, store and instance; its memory is that of all processes.

    Raises `RuntimeError` when the run as a whole does not come to its end.
    """
    os.environ.setdefault("DOCMILL_MODELS", str(default_folder()))
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    started = time.monotonic()
    with PeakMemory() as peak:
        process = context.Process(target=_convert, args=(folder, home, settings, theirs))
        process.start()
        theirs.close()
        try:
            records, lost_workers = ours.recv()
        except EOFError:
            records, lost_workers = [], {}
        process.join()
    if process.exitcode:
        raise RuntimeError(f"the run ended with exit status {process.exitcode}")
    return Run(records, lost_workers, time.monotonic() - started, peak.megabytes)


def _convert(folder: Path, home: Path, settings: RunSettings, pipe: Connection) -> None:
    os.environ["DOCMILL_HOME"] = str(home)
    os.environ["DAGSTER_HOME"] = str(home / "dagster")
    options = ConvertOptions(
        places=[str(folder)],
        out=str(home / "out"),
        jobs=settings.workers,
        timeout=settings.timeout,
        memory=settings.memory_mb,
    )
    summary = convert_files(options, Console(stderr=True))
    pipe.send((summary.records, _lost_workers(options, summary.records)))
    pipe.close()


def _lost_workers(options: ConvertOptions, records: Sequence[StageRecord]) -> dict[str, int]:
    """How many workers each document cost in all its stages."""
    conversion = configured_conversion(options.run_config())
    documents = [DocumentRef(record.document, record.name, "", 0) for record in records]
    lost: Counter[str] = Counter()
    for stage in conversion.stages:
        for record in conversion.records(stage, documents):
            lost[record.document] += int(record.counts.get("lost_workers", 0))
    return dict(lost)
