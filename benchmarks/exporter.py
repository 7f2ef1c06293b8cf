"""What `docmill metrics` costs: `python -m benchmarks.exporter`.

An instance gets so many materializations of batches of 16 documents, as runs leave them, in SQLite. Then the
exporter reads them all once, looks again with nothing new, and looks after each of some new runs. It keeps a
scrape of what it has in its history each half a minute. CPU is of this process, in which all of it happens;
the share of a core is that of a hundred runs an hour.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import msgspec
from dagster._core.events import StepMaterializationData
from rich.console import Console
from rich.table import Table

from benchmarks.metrics.environment import Environment, environment
from docmill.pipeline.instance.dagster_internals import kept_engines
from docmill.pipeline.instance.metrics.counting import LogCounts
from docmill.pipeline.instance.metrics.exporter import Exporter
from docmill.pipeline.instance.metrics.history import EVERY_S, History
from docmill.pipeline.instance.reporting.metadata import outcome_metadata
from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.price import Price

__all__ = ["Figures", "main"]

_DOCUMENTS, _PAGES, _AT_ONCE = 16, 8, 1000
_LOOKS, _RUNS, _SCRAPES = 20, 10, 180
_EVERY_S, _RUNS_AN_HOUR, _HOUR_S = 15.0, 100, 3600.0


class Figures(msgspec.Struct, frozen=True):
    """What the command writes as JSON; CPU seconds, and what the peak of memory was."""

    environment: Environment
    events: int
    first_cpu_s: float
    idle_cpu_s: float
    run_cpu_s: float
    scrape_cpu_s: float
    scrape_bytes: float
    share_of_core: float
    peak_mb: float
    counted: float
    expected: float


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 when the counts are wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exporter", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="docmill-exporter-") as folder:
        found = _measure(Path(folder), options.events)
    table = Table("CPU s", "", title=f"docmill metrics over {found.events:,} materializations")
    table.add_row("the first look, all of them", f"{found.first_cpu_s:.2f}")
    table.add_row("a look with nothing new", f"{found.idle_cpu_s:.4f}")
    table.add_row("a look after a new run", f"{found.run_cpu_s:.4f}")
    table.add_row("a scrape kept in the history", f"{found.scrape_cpu_s:.4f}")
    table.add_row("its kB", f"{found.scrape_bytes / 1e3:.1f}")
    table.add_row("share of a core, 100 runs an hour", f"{found.share_of_core:.2%}")
    table.add_row("peak of memory, MB", f"{found.peak_mb:.0f}")
    Console().print(table)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    return 0 if found.counted == found.expected else 1


def _measure(folder: Path, events: int) -> Figures:
    stages = {stage.name: dg.AssetKey(stage.name) for stage in STAGES}
    metadata = outcome_metadata(_records(), 4.0, Price(3600.0, "EUR", 36.0))
    with kept_engines(), dg.instance_for_test(temp_dir=str(folder)) as instance:
        _fill(instance, list(stages.values()), metadata, events)
        counts = LogCounts(instance, stages, DocumentStore(str(folder / "store")))

        def look() -> None:
            counts.read_on(datetime.now(UTC))

        first = _cpu(look)
        idle = statistics.median(_cpu(look) for _ in range(_LOOKS))
        after = []
        for number in range(_RUNS):
            for key in stages.values():
                made = dg.AssetMaterialization(key, metadata=metadata, partition=f"new{number}")
                instance.report_runless_asset_event(made)
            after.append(_cpu(look))
        run = statistics.median(after)
        history, exporter = History(folder / "metrics.sqlite"), Exporter([], lambda: counts.tally)

        def keep() -> None:
            history.keep(datetime.now(UTC), exporter.collect())

        scrape = statistics.median(_cpu(keep) for _ in range(_LOOKS))
        for _ in range(_SCRAPES):
            keep()
        counted = sum(counts.tally.counts("docmill_documents").values())
        size = history.path.stat().st_size / (_LOOKS + _SCRAPES)
    hour = _HOUR_S / _EVERY_S * idle + _RUNS_AN_HOUR * run + _HOUR_S / EVERY_S * scrape
    return Figures(
        environment=environment(),
        events=events,
        first_cpu_s=first,
        idle_cpu_s=idle,
        run_cpu_s=run,
        scrape_cpu_s=scrape,
        scrape_bytes=size,
        share_of_core=hour / _HOUR_S,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        counted=counted,
        expected=float((events // len(stages) + _RUNS) * _DOCUMENTS),
    )


def _records() -> list[StageRecord]:
    return [
        StageRecord(
            stage="layout",
            document=f"{number:064}",
            name=f"document-{number}.pdf",
            pages=list(range(1, _PAGES + 1)),
            seconds=2.0,
            cpu_seconds=1.2,
            device_seconds={"heron": 0.05},
        )
        for number in range(_DOCUMENTS)
    ]


def _fill(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetKey], metadata: dict[str, Any], events: int
) -> None:
    """Write whole runs of materializations, as of hours ago."""
    at = time.time() - 2 * _HOUR_S
    waiting = []
    for number in range(events // len(keys) * len(keys)):
        made = dg.AssetMaterialization(
            keys[number % len(keys)], metadata=metadata, partition=f"b{number // len(keys)}"
        )
        said = dg.DagsterEvent(
            dg.DagsterEventType.ASSET_MATERIALIZATION.value,
            "convert_documents",
            event_specific_data=StepMaterializationData(made),
        )
        # one run: each has a database of its own in SQLite, which the exporter does not read
        waiting.append(
            dg.EventLogEntry(  # type: ignore[no-untyped-call]
                error_info=None,
                level=20,
                user_message="",
                run_id="0" * 32,
                timestamp=at,
                dagster_event=said,
            )
        )
        if len(waiting) == _AT_ONCE:
            instance.event_log_storage.store_event_batch(waiting)
            waiting = []
    if waiting:
        instance.event_log_storage.store_event_batch(waiting)


def _cpu(work: Callable[[], None]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    sys.exit(main())
