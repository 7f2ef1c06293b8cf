"""`docmill retry`, `docmill backfill`: ask for runs, or run here; `docmill gc`: remove what nobody needs."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import typer
from rich.console import Console

from docmill.pipeline.cli.ask_ledger import find_documents_named
from docmill.pipeline.cli.console import print_summary
from docmill.pipeline.cli.convert_files import configured_conversion, run_batches
from docmill.pipeline.cli.estimates import print_estimate
from docmill.pipeline.cli.follow import follow
from docmill.pipeline.cli.options.convert import check_options, resource_config
from docmill.pipeline.cli.places import the_price, the_sources, the_store
from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError, RunCancelledError
from docmill.pipeline.corpus.garbage import Garbage, find_garbage
from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.corpus.ledger.select import FAILED, Selection
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.run_output import old_output
from docmill.pipeline.instance.runs.asking import asker
from docmill.pipeline.instance.runs.interrupted import RunSettings, asked_like
from docmill.pipeline.instance.runs.lanes import Lane
from docmill.pipeline.instance.watching.queue import (
    cancel_runs,
    daemon_lives,
    last_heartbeat,
    runs_of_request,
)
from docmill.pipeline.intake.batches import (
    CONVERT,
    RETRY,
    BatchLimits,
    DocumentRef,
    Manifest,
    read_manifest,
)
from docmill.pipeline.intake.estimate import estimate
from docmill.pipeline.intake.ingest import make_batches
from docmill.pipeline.intake.overdue import OverdueLimits, Why, overdue_batches
from docmill.pipeline.intake.requests import Request, withdraw, write_request
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["Asked", "backfill", "cancel", "collect_garbage", "retry"]

#: More documents than these are no longer something that somebody sits and waits for.
_INTERACTIVE = 64
#: What failed is in the table at the end.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Asked:
    """How runs are to be made: at once `here`, or by the daemon, which may be followed; with what options.

    `stages` are the stages' own options by name; `password_file` is read where the runs are.
    """

    here: bool = False
    follow: bool = False
    stages: Mapping[str, Any] = field(default_factory=dict)
    password_file: Path | None = None

    def config(self) -> dict[str, Any]:
        """The configuration of the runs; empty where they are to be as it is set.

        Raises `BackendConfigError` for an option that does not exist.
        """
        check_options(self.stages)
        settings: dict[str, dict[str, Any]] = {}
        if self.password_file:
            settings["reader"] = {"password_file": str(self.password_file.resolve())}
        return resource_config(settings, self.stages) if settings or self.stages else {}


def retry(names: Sequence[str], selection: Selection, asked: Asked) -> int:
    """Ask for another run of documents, named or selected; those that are converted only when named.

    The exit code is 1 when there are none, or when they were run here and some failed again.
    """
    console, store = Console(stderr=True), the_store()
    config, ledger = asked.config(), open_ledger(store)
    rows = _named(ledger, names) if names else _failed(ledger, selection)
    if not rows:
        console.print("no document is like that: `docmill documents --failed` lists those that failed")
        return 1
    manifests, runs = _batches_again(store, rows)
    ledger.queue(manifests, again=True)
    if asked.here:
        return _run_here(manifests, runs, config, "retry", console)
    lane: Lane = "interactive" if len(rows) <= _INTERACTIVE else "backfill"
    keys = [each.key for each in manifests]
    request = write_request(store, keys, lane, "retry", config, by=asker(), runs=runs)
    return _asked_for(request, manifests, asked, console)


def backfill(
    selection: Selection,
    whys: Collection[Why],
    asked: Asked,
    *,
    limit: int,
    gpu_price: float | None,
    yes: bool,
) -> int:
    """Say what running the overdue batches will take, and ask for their runs when that is agreed to."""
    console, store = Console(stderr=True), the_store()
    ledger = open_ledger(store)
    current = _current_print(console)
    limits = OverdueLimits(missing_after=timedelta(0))
    found = overdue_batches(selection.tables(ledger), current, whys, limits)
    if limit:
        found = found[:limit]
    if not found:
        console.print("no batch is interrupted, missing, failed or stale")
        return 0
    price = the_price(gpu_price)
    counts = Counter(each.why for each in found)
    console.print(", ".join(f"{count} batches {why}" for why, count in counts.items()))
    with console.status("estimating"):
        guess = estimate(ledger, {each.batch for each in found}, price)
    print_estimate(console, guess, price, at_once=1.0 if asked.here else None)
    if not yes and not typer.confirm("Run them?", err=True):
        return 1
    manifests = [read_manifest(store, each.batch) for each in found]
    runs = {each.batch: each.run for each in found if each.run}
    ledger.queue([manifest for manifest in manifests if manifest.key in runs], resumed=True)
    if asked.here:
        return _run_here(manifests, runs, {}, "backfill", console)
    keys = [each.key for each in manifests]
    request = write_request(store, keys, "backfill", "backfill", by=asker(), runs=runs)
    return _asked_for(request, manifests, asked, console)


def cancel(request: str) -> int:
    """Withdraw a request, and stop its runs; the exit code is 1 when there is nothing of it."""
    console, store = Console(stderr=True), the_store()
    withdrawn = withdraw(store, request)
    with open_instance() as instance:
        stopped = cancel_runs(instance, request)
        begun = runs_of_request(instance, request)
    if not withdrawn and not stopped:
        console.print(f"nothing of the request {request} waits or runs")
        return 1
    ledger, why = open_ledger(store), RunCancelledError(f"the request {request} was withdrawn")
    if withdrawn:
        # of those that have a run the sensor interrupted_runs says so
        for manifest in _manifests(store, [each for each in withdrawn.batches if each not in begun]):
            ledger.interrupt(manifest, withdrawn.runs.get(manifest.key, ""), why)
    console.print(
        f"{stopped} runs were told to stop, and no more are started. What is finished stays; `docmill retry` "
        "or `docmill backfill` goes on where they were."
    )
    return 0


def collect_garbage(older_than: timedelta, *, remove: bool) -> int:
    """Print what nobody needs any more, by kind; remove it when told so."""
    console, store = Console(stderr=True), the_store()
    before = datetime.now(UTC) - older_than
    with console.status("looking through the store"):
        garbage = list(find_garbage(store, open_ledger(store), before))
    sources = the_sources().unused_since(before)
    with open_instance() as instance:
        runs, outputs = _old_runs(instance, before), old_output(instance, before)
        _print_garbage(console, garbage)
        console.print(
            f"source files     {len(sources):>8,}   {_megabytes(p.stat().st_size for p in sources)}"
        )
        console.print(f"failed runs      {len(runs):>8,}")
        console.print(
            f"output of runs   {len(outputs):>8,}   "
            f"{_megabytes(file.stat().st_size for folder in outputs for file in folder.iterdir())}"
        )
        if not remove:
            console.print("Nothing was removed: `docmill gc --remove` does it.")
            return 0
        store.delete(each.object.path for each in garbage)
        for path in sources:
            path.unlink(missing_ok=True)
        for run in runs:
            instance.delete_run(run)
        for folder in outputs:
            shutil.rmtree(folder)
    console.print("Removed.")
    return 0


def _manifests(store: DocumentStore, batches: Iterable[str]) -> Iterator[Manifest]:
    """Those of these batches that the store has."""
    for batch in batches:
        with suppress(FileNotFoundError):
            yield read_manifest(store, batch)


def _current_print(console: Console) -> str | None:
    """The fingerprint of exports under the settings of now; None where a server does not say what it has."""
    try:
        return configured_conversion({}).asked().fingerprints["exports"]
    except BackendUnavailableError as error:
        console.print(f"nothing counts as stale: {error}")
        return None


def _named(ledger: Ledger, names: Sequence[str]) -> list[DocumentRow]:
    rows: dict[str, DocumentRow] = {}
    for name in names:
        known = find_documents_named(ledger, name).rows
        found = [row for row in known if row.state != "superseded"]
        if known and not found:
            raise BackendConfigError(f"the file of {name} holds other content by now")
        if len({row.id for row in found}) != 1:
            what = "docmill has not seen" if not found else f"{len(found)} documents are meant by"
            raise BackendConfigError(f"{what} {name}")
        rows |= {row.entry: row for row in found}
    return list(rows.values())


def _batches_again(
    store: DocumentStore, rows: Sequence[DocumentRow]
) -> tuple[list[Manifest], dict[str, str]]:
    """New batches of documents, and by batch the run that was interrupted, where that is why they run again.

    What somebody converted by hand with settings of its own stays so then.
    """
    groups: dict[tuple[str, str], list[DocumentRef]] = {}
    for row in rows:
        interrupted = row.state == "interrupted"
        origin = CONVERT if interrupted and row.by_hand else RETRY
        groups.setdefault((row.run if interrupted else "", origin), []).append(row.ref)
    manifests: list[Manifest] = []
    runs: dict[str, str] = {}
    for (run, origin), refs in groups.items():
        made = list(make_batches(store, refs, BatchLimits(), origin))
        manifests += made
        runs |= {manifest.key: run for manifest in made if run}
    return manifests, runs


def _failed(ledger: Ledger, selection: Selection) -> list[DocumentRow]:
    if not (selection.states or selection.reasons):
        raise BackendConfigError("say which: FILE, --reason R, or --failed for all that failed")
    wanted = {*FAILED, "partial"} if selection.reasons else set(selection.states or FAILED)
    return [row for row in selection.rows(ledger) if row.state in wanted]


def _asked_for(request: Request, manifests: Sequence[Manifest], asked: Asked, console: Console) -> int:
    """Say what becomes of a request, and follow it where that is wanted."""
    documents = sum(len(manifest.documents) for manifest in manifests)
    console.print(
        f"{documents} documents in {len(manifests)} batches were asked for. The sensor requested_batches "
        f"runs them where Dagster's daemon does; `docmill cancel {request.id}` stops that."
    )
    with open_instance() as instance:
        if not daemon_lives(last_heartbeat(instance), datetime.now(UTC)):
            console.print(
                "[yellow]No daemon runs on this instance, so nothing is started yet:[/] `docmill ui` has "
                "one, and --here runs them at once."
            )
        return follow(instance, request.id, manifests, console) if asked.follow else 0


def _run_here(
    manifests: Sequence[Manifest],
    runs: Mapping[str, str],
    config: Mapping[str, Any],
    command: str,
    console: Console,
) -> int:
    """Run batches; those that were interrupted with the settings that their `runs` had, but for `config`."""
    started = datetime.now(UTC)
    records = []
    with open_instance() as instance:
        for run, batches in _by_run(manifests, runs):
            before = instance.get_run_by_id(run) if run else None
            asked = asked_like(before) if before else RunSettings()
            run_config = {**asked.but_with(config).run_config, **_QUIET}
            conversion = configured_conversion(run_config)
            done = run_batches(instance, batches, run_config, conversion, console, command=command)
            records += [record for each in done for record in each.records]
    seconds = (datetime.now(UTC) - started).total_seconds()
    print_summary(console, records, seconds, the_store().url)
    return 0 if all(record.usable for record in records) else 1


def _by_run(manifests: Sequence[Manifest], runs: Mapping[str, str]) -> Iterator[tuple[str, list[Manifest]]]:
    """Batches that have the settings of the same run, together; first those that have those of now."""
    for run in sorted({runs.get(manifest.key, "") for manifest in manifests}):
        yield run, [manifest for manifest in manifests if runs.get(manifest.key, "") == run]


def _print_garbage(console: Console, garbage: Sequence[Garbage]) -> None:
    for kind in sorted({each.kind for each in garbage}):
        sizes = [each.object.size for each in garbage if each.kind == kind]
        console.print(f"{kind:<16} {len(sizes):>8,}   {_megabytes(sizes)}")


def _megabytes(sizes: Iterable[int]) -> str:
    return f"{sum(sizes) / 1e6:,.1f} MB"


def _old_runs(instance: dg.DagsterInstance, before: datetime) -> list[str]:
    """Runs that failed or were cancelled. Those that succeeded stay: without them assets look never made."""
    statuses = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    records = instance.get_run_records(dg.RunsFilter(statuses=statuses, created_before=before))
    return [record.dagster_run.run_id for record in records]
