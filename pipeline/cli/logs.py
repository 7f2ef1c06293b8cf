"""`docmill logs`: the history of one document, run by run, as the ledger and Dagster know it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
import msgspec
from rich.console import Console
from rich.markup import escape

from docmill.pipeline.cli.ask_ledger import find_documents_named
from docmill.pipeline.cli.places import the_store
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.corpus.ledger.entries import Attempt, DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.instance.dagster_internals import PARTITION_NAME_TAG
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.watching.run_history import RunHistory, run_history

__all__ = ["Told", "show_logs"]


class Told(msgspec.Struct, frozen=True):
    """A run that had a document: what it made of it, and how the run went; None where Dagster has it no more.

    `attempt` is None of a run that has not ended, or that ended before it came to the document.
    """

    document: str
    source: str
    attempt: Attempt | None
    run: RunHistory | None


def show_logs(name: str, *, as_json: bool) -> int:
    """Print the history of a file, an address or an id; the exit code is 1 when docmill has not seen it."""
    ledger = open_ledger(the_store())
    rows = find_documents_named(ledger, name).rows
    if not rows:
        raise BackendConfigError(f"docmill has not seen {name}")
    console = Console(soft_wrap=True, highlight=False)
    with open_instance() as instance:
        for row in rows:
            history = list(_told(instance, row, ledger.history(row.entry)))
            if as_json:
                for each in history:
                    print(msgspec.json.encode(each).decode())
            else:
                _print(console, row, history)
    return 0


def _told(instance: dg.DagsterInstance, row: DocumentRow, attempts: Sequence[Attempt]) -> Iterator[Told]:
    """Attempts in their order, then runs of the document's batch that none of them is of."""
    for attempt in attempts:
        yield Told(row.name, row.source, attempt, run_history(instance, attempt.run))
    known = {attempt.run for attempt in attempts}
    runs = instance.get_runs(dg.RunsFilter(tags={PARTITION_NAME_TAG: row.batch}))
    for run in reversed(runs):
        if run.run_id not in known:
            yield Told(row.name, row.source, None, run_history(instance, run.run_id))


def _print(console: Console, row: DocumentRow, history: Sequence[Told]) -> None:
    console.print(f"[bold]{escape(row.name)}[/]  {row.state}  {escape(row.source)}")
    for each in history:
        for line in _lines(each):
            console.print(escape(line))
    if not history:
        console.print("  no run has had it yet")


def _lines(told: Told) -> Iterator[str]:
    attempt, run = told.attempt, told.run
    at = attempt.at if attempt else run.started if run else None
    came = attempt.state if attempt else "not reached, or not yet"
    yield f"  {f'{at:%F %T}' if at else '':<19}  {came}"
    if attempt and attempt.reason:
        yield f"    {attempt.reason}{f' (stage {attempt.stage})' if attempt.stage else ''}: {attempt.message}"
    if attempt and attempt.page_count:
        yield (
            f"    {attempt.pages} of {attempt.page_count} pages, {attempt.issues} with issues, "
            f"{attempt.seconds:.1f} worker seconds"
        )
    if run is None:
        yield "    Dagster does not have the run any more"
        return
    took = f", {run.seconds:.1f} s" if run.seconds is not None else ""
    yield f"    run {run.run[:8]} {run.status.lower()}{took}{f', {run.why}' if run.why else ''}"
    for step in run.steps:
        yield f"      {step.name:<14} {step.status.lower():<10} {step.said}".rstrip()
