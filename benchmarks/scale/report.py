"""The figures as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table

from benchmarks.scale.command import CommandCost
from benchmarks.scale.dropping import Dropped
from benchmarks.scale.filling import Filled
from benchmarks.scale.pages import PageTime
from benchmarks.scale.postgres import InPostgres
from benchmarks.scale.projection import PARTITIONS_LIMIT, Measured, fitting_batch, project
from benchmarks.scale.resting import DaemonAtRest
from benchmarks.scale.runs import RunCost

__all__ = ["HasFigures", "measured", "print_figures"]

_CORPORA = (1_000_000, 10_000_000)
_INGEST_MS = "CPU ms per document"


class HasFigures(Protocol):
    """What was measured; None where it was not."""

    runs: list[RunCost] | None
    command: list[CommandCost] | None
    drops: Dropped | None
    database: Filled | None
    postgres: InPostgres | None
    daemon: list[DaemonAtRest] | None
    pages: list[PageTime] | None
    ingest: dict[str, Any] | None


def print_figures(figures: HasFigures, console: Console) -> None:
    """Tables of all that is there, and of what follows from it."""
    if figures.runs:
        _print_runs(figures.runs, console)
    if figures.command:
        _print_command(figures.command, console)
    if figures.drops:
        each_s = ", ".join(f"{each:.0f}" for each in sorted(figures.drops.seconds))
        console.print(f"from a file in the inbox to its results: {figures.drops.median_s:.0f} s ({each_s})")
    if figures.database:
        each = figures.database
        shared, own = f"{each.index_bytes / 1000:.0f} KB", f"{each.log_bytes / 1000:.0f} KB"
        console.print(f"SQLite: a run of {each.documents} adds {shared} to shared files, and one of {own}")
    if figures.postgres:
        stored = figures.postgres
        console.print(f"PostgreSQL: a run of {stored.documents} adds {stored.run_bytes / 1000:.0f} KB")
    if figures.daemon:
        _print_daemon(figures.daemon, console)
    if figures.pages:
        _print_pages(figures.pages, console)
    if figures.ingest:
        for name, value in figures.ingest.items():
            console.print(f"{name:<36} {value}")
    found = measured(figures)
    if found:
        _print_projections(found, console)


def measured(figures: HasFigures) -> Measured | None:
    """What a projection needs; None when runs or the database were not measured.

    What a run costs, and each document more, is a line through the smallest and the largest batch.
    """
    if not figures.runs or not figures.database:
        return None
    small = min(figures.runs, key=lambda cost: cost.documents)
    large = max(figures.runs, key=lambda cost: cost.documents)
    more = large.documents - small.documents
    document_s = max(0.0, (large.orchestration_s - small.orchestration_s) / more) if more else 0.0
    database = figures.database
    return Measured(
        run_s=large.orchestration_s - document_s * large.documents,
        document_s=document_s,
        index_bytes=database.index_bytes / database.documents,
        log_bytes=database.log_bytes / database.documents,
        ingest_s=figures.ingest[_INGEST_MS] / 1000 if figures.ingest else 0.0,
    )


def _print_command(costs: Sequence[CommandCost], console: Console) -> None:
    first = costs[0]
    table = _table(
        f"docmill convert, {first.documents} documents with {first.workers} workers, the rest one",
        "",
        *(cost.commit[:12] for cost in costs),
    )
    rows = {
        "one page, CPU s": "page_cpu_s",
        "one page, s": "page_s",
        "nothing to do, CPU s": "again_cpu_s",
        "nothing to do, s": "again_s",
        "first sign, s": "sign_s",
        f"{first.documents} documents, CPU s": "many_cpu_s",
        "first of them published, s": "first_s",
        "last of them published, s": "last_s",
    }
    for what, name in rows.items():
        table.add_row(what, *(f"{getattr(cost, name):.2f}" for cost in costs))
    console.print(table)


def _print_runs(costs: Sequence[RunCost], console: Console) -> None:
    table = _table(
        f"CPU seconds of a run (median of {costs[0].repetitions})",
        "documents",
        "run",
        "stages alone",
        "orchestration",
        "... a document",
        "all done before, a document",
        "to the first step, s",
    )
    for cost in costs:
        table.add_row(
            str(cost.documents),
            f"{cost.run_s:.1f}",
            f"{cost.stages_s:.1f}",
            f"{cost.orchestration_s:.1f}",
            f"{cost.per_document_s:.3f}",
            f"{cost.again_per_document_s:.3f}",
            f"{cost.first_step_s:.2f}",
        )
    console.print(table)
    at_rest = f"{costs[0].daemon_s_per_hour:.0f} CPU seconds an hour"
    console.print(f"daemon, code server and web server at rest, left out above: {at_rest}")


def _print_daemon(found: Sequence[DaemonAtRest], console: Console) -> None:
    table = _table(
        f"the daemon and its code server after {found[0].ticks} ticks",
        "partitions",
        "processes",
        "RSS MB",
        "PSS MB",
        "CPU s an hour",
    )
    for each in found:
        table.add_row(
            f"{each.partitions:,}",
            str(each.processes),
            f"{each.rss_mb:.0f}",
            f"{each.pss_mb:.0f}",
            f"{each.cpu_s_per_hour:.0f}",
        )
    console.print(table)


def _print_pages(times: Sequence[PageTime], console: Console) -> None:
    table = _table("pages in Chromium, seconds", "page", "first", "later", "server CPU", "JS heap MB")
    for each in times:
        table.add_row(
            each.page,
            f"{each.first_s:.2f}",
            f"{each.later_s:.2f}",
            f"{each.server_s:.2f}",
            f"{each.heap_mb:.0f}",
        )
    console.print(table)


def _print_projections(found: Measured, console: Console) -> None:
    table = _table(
        "calculated from the figures above",
        "documents",
        "a batch",
        "partitions",
        "ticks",
        "hours of ticks",
        "orchestration CPU hours",
        "database GB",
        "run logs GB",
    )
    for documents in _CORPORA:
        for batch in sorted({64, fitting_batch(documents), 256}):
            figures = project(found, documents, batch)
            over = "" if figures.fits else f" (over Dagster's {PARTITIONS_LIMIT:,})"
            table.add_row(
                f"{documents:,}",
                str(batch),
                f"{figures.partitions:,}{over}",
                f"{figures.ticks:,}",
                f"{figures.tick_hours:.1f}",
                f"{figures.cpu_hours:.0f}",
                f"{figures.index_gb:.1f}",
                f"{figures.logs_gb:.1f}",
            )
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table
