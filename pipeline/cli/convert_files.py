"""`docmill convert`: batches of the files named, and one in-process run of the Dagster job for each."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from socket import gethostname
from typing import Any

import dagster as dg
import msgspec
from rich.console import Console
from rich.markup import escape

from docmill.pipeline.cli.console import LiveProgress, download_progress, print_failures, print_summary
from docmill.pipeline.cli.converting.dry_run import plan, print_plan
from docmill.pipeline.cli.converting.growing import growing
from docmill.pipeline.cli.converting.outcomes import (
    Outcome,
    outcome,
    published_files,
    unread_outcome,
    unread_record,
)
from docmill.pipeline.cli.converting.preflight import check_places, homes, output, store_place
from docmill.pipeline.cli.converting.stopping import FailFast
from docmill.pipeline.cli.options.convert import PASSWORD_VARIABLE, ConvertOptions
from docmill.pipeline.convert.errors import BackendConfigError, RunCancelledError, RunInterruptedError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.names import apart_from_others, take_names
from docmill.pipeline.defs.assets.stage_run import INTERRUPTED
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.jobs import CONVERT_DOCUMENTS
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.defs.resources import conversion_of, without_settings
from docmill.pipeline.instance.dagster_internals import MAX_RETRIES_TAG, run_job_here
from docmill.pipeline.instance.launcher import HOST_TAG
from docmill.pipeline.instance.location import LOCATION
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.reporting.step_failures import failure_reason
from docmill.pipeline.instance.runs.asking import asker, asker_tags
from docmill.pipeline.instance.runs.interrupted import INTERRUPTED_TAG, why_interrupted
from docmill.pipeline.instance.runs.served import as_noted
from docmill.pipeline.intake.batches import DocumentRef, Manifest, write_manifest
from docmill.pipeline.intake.ingest import distinct_names, find_documents
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.workers.crew import Crew
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import UnreadableSource

__all__ = [
    "BatchRun",
    "ConvertOptions",
    "Summary",
    "configured_conversion",
    "convert_files",
    "convert_places",
    "run_batches",
]


@dataclass(frozen=True)
class BatchRun:
    """A batch that was run: the conversion, with what servers had for that run, and what became of it."""

    batch: str
    conversion: Conversion
    documents: list[DocumentRef]
    records: list[StageRecord]


@dataclass(frozen=True)
class Summary:
    """What became of the documents; `run_seconds` is the part of `seconds` that Dagster's runs took.

    `left` is how many were not done, because the first failure was to stop everything.
    """

    records: list[StageRecord]
    seconds: float
    run_seconds: float
    conversion: Conversion
    left: int = 0


#: Hears what became of a document.
Told = Callable[[Outcome], None]


def convert_places(options: ConvertOptions, note: Callable[[Conversion], None] = lambda _: None) -> int:
    """Convert what the options name and print what became of it; returns the exit code.

    `note` hears of the conversion that it was.
    """
    console = Console(stderr=True, quiet=options.quiet)
    if options.dry_run:
        return _plan(options, console)
    summary = convert_files(options, console, _print_line if options.as_json else _hear_nothing)
    note(summary.conversion)
    bad = [record for record in summary.records if not record.usable]
    if options.quiet:
        print_failures(Console(stderr=True), bad)
    out = options.file.shown if options.file else options.out or options.place
    print_summary(console, summary.records, summary.seconds, out)
    if summary.left:
        console.print(f"Stopped at the first failure; {summary.left} more wait: the same command goes on.")
    return 1 if bad else 0


def convert_files(options: ConvertOptions, console: Console, told: Told = lambda _: None) -> Summary:
    """Make batches of the files, run the job on each, and say what became of every document.

    `told` hears of each when its results are where they are to be. Raises `DocmillError` when nothing can be
    done at all: no file, a wrong option, a store out of reach, a place that cannot be written to.
    """
    options.check()
    started = time.monotonic()
    check_places(homes())
    with _lent(options.lent()), open_instance() as instance:
        run_config = options.run_config()
        conversion = configured_conversion(run_config, instance)
        store, file, out = conversion.artifacts.store, options.file, options.place
        results = file.folder if file else out
        check_places([store_place(store), *([output(results)] if results else [])])
        with console.status("looking for PDFs and reading their content hashes"):
            documents, unread = _find(options, conversion)
            records = [unread_record(each) for each in unread]
            stopped = bool(unread) and options.fail_fast
            manifests = [] if stopped else _batches(options, conversion, documents, console)
        for each in unread:
            told(unread_outcome(each))
        if manifests:
            with download_progress(console) as progress:
                conversion.prepare(progress)

        def settled(run: BatchRun) -> None:
            for document, record in zip(run.documents, run.records, strict=True):
                if file:
                    files = file.write(store, record) if record.usable else []
                else:
                    files = published_files(document, record, out)
                told(outcome(document, record, run.batch, files))
            if options.debug_overlays:
                _write_overlays(run.conversion, run.documents, out)

        running = time.monotonic()
        runs: list[BatchRun] = []
        if manifests:
            runs = run_batches(
                instance, manifests, run_config, conversion, console, settled, fail_fast=options.fail_fast
            )
        finished = time.monotonic()
    done = [record for run in runs for record in run.records]
    left = len(documents) - len(done)
    return Summary([*records, *done], finished - started, finished - running, conversion, left)


def _find(
    options: ConvertOptions, conversion: Conversion, *, keep: bool = True
) -> tuple[list[DocumentRef], list[UnreadableSource]]:
    """The documents, each under a name of its own, and what cannot be read."""
    unread: list[UnreadableSource] = []
    found = find_documents(options.places, conversion.sources, unread.append, keep=keep)
    documents = distinct_names(list(found))
    if not documents and not unread:
        raise BackendConfigError(f"no PDF was found at {', '.join(options.places)}")
    if options.output_file and len(documents) + len(unread) > 1:
        raise BackendConfigError(
            f"--output-file is for one document; there are {len(documents) + len(unread)}"
        )
    return documents, unread


def _batches(
    options: ConvertOptions, conversion: Conversion, documents: Sequence[DocumentRef], console: Console
) -> list[Manifest]:
    """Write the batches' manifests."""
    store = conversion.artifacts.store
    if options.place:
        named = apart_from_others(store, documents, options.place)
        for before, now in zip(documents, named, strict=True):
            if now != before:
                console.print(
                    f"{escape(before.stem)} is the name of another document's results there: these are "
                    f"{escape(now.stem)}"
                )
        take_names(store, named, options.place)
        documents = named
    batches = growing(documents, options.batch_size, conversion.workers.workers)
    return [write_manifest(store, batch) for batch in batches]


def _plan(options: ConvertOptions, console: Console) -> int:
    """Say what would be done, and do none of it; the exit code is 1 where something cannot be read."""
    options.check()
    with _lent(options.lent()):
        conversion = configured_conversion(options.run_config())
        documents, unread = _find(options, conversion, keep=False)
        if options.place:
            documents = apart_from_others(conversion.artifacts.store, documents, options.place)
        batches = growing(documents, options.batch_size, conversion.workers.workers)
        print_plan(plan(conversion, batches), unread, console, as_json=options.as_json)
    return 1 if unread else 0


def _print_line(done: Outcome) -> None:
    print(msgspec.json.encode(done).decode(), flush=True)


def _hear_nothing(_: Outcome) -> None:
    return


@contextmanager
def _lent(variables: Mapping[str, str]) -> Iterator[None]:
    """Secrets in the environment, where a run looks for them: Dagster keeps their names alone."""
    before = {name: os.environ.get(name) for name in {*variables, PASSWORD_VARIABLE}}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is not None:
                os.environ[name] = value
            else:
                os.environ.pop(name, None)


def configured_conversion(
    run_config: Mapping[str, Any], instance: dg.DagsterInstance | None = None
) -> Conversion:
    """The same conversion that a run will make of its configuration; of an empty one, the defaults'.

    Without an instance Dagster makes one for it, in memory.
    """
    others = without_settings()
    known = {name: resource for name, resource in (defs.resources or {}).items() if name not in others}
    with dg.build_resources(known, instance, run_config.get("resources", {})) as resources:
        return conversion_of({name: getattr(resources, name) for name in known})


def run_batches(
    instance: dg.DagsterInstance,
    manifests: Sequence[Manifest],
    run_config: dict[str, Any],
    conversion: Conversion,
    console: Console,
    then: Callable[[BatchRun], None] = lambda _: None,
    *,
    fail_fast: bool = False,
    command: str = "convert",
) -> list[BatchRun]:
    """Run the job in this process on one batch after the other; what became of each, which `then` hears too.

    With `fail_fast` nothing is done after the first document that cannot be converted, and the last batch has
    that document alone. `command` is docmill's own that asks for it: whoever has typed it hears of a failure
    at once and runs it again, so Dagster does not. Raises `BackendConfigError` with the reason when a run
    fails. What is left then is interrupted.
    """
    job = defs.resolve_job_def(CONVERT_DOCUMENTS)
    instance.add_dynamic_partitions(BATCHES, [manifest.key for manifest in manifests])
    tags = asker_tags(asker(), command) | {HOST_TAG: gethostname(), MAX_RETRIES_TAG: "0"}
    runs: list[BatchRun] = []
    count = sum(len(manifest.documents) for manifest in manifests)
    with LiveProgress(console, list(conversion.stages), count) as progress, Crew() as crew:
        watched = FailFast(progress) if fail_fast else progress
        for number, manifest in enumerate(manifests):
            run = str(uuid.uuid4())
            with _settled(instance, manifests[number:], run, conversion):
                result = run_job_here(
                    job,
                    instance,
                    run_id=run,
                    location=LOCATION,
                    partition_key=manifest.key,
                    run_config=run_config,
                    resources={"progress": watched, "crew": crew},
                    tags=tags,
                )
                if isinstance(watched, FailFast) and watched.first:
                    _leave(conversion, manifests[number:], run)
                elif not result.success:
                    why = _why(result)
                    if why.endswith(INTERRUPTED):
                        raise KeyboardInterrupt
                    raise BackendConfigError(why)
            if isinstance(watched, FailFast) and (first := watched.first):
                documents = [each for each in manifest.documents if each.id == first.document][:1]
                runs.append(BatchRun(manifest.key, conversion, documents, [first]))
                then(runs[-1])
                break
            ran = as_noted(conversion, instance, run)
            records = ran.final_records(manifest.documents)
            runs.append(BatchRun(manifest.key, ran, manifest.documents, records))
            then(runs[-1])
    return runs


@contextmanager
def _settled(
    instance: dg.DagsterInstance, manifests: Sequence[Manifest], run: str, conversion: Conversion
) -> Iterator[None]:
    """The run of the first of these batches: its documents wait for it, and all are left when it fails."""
    ledger = open_ledger(conversion.artifacts.store)
    ledger.queue(manifests[:1], resumed=True)
    try:
        yield
    except BaseException as error:
        ended = instance.get_run_by_id(run)
        why: RunInterruptedError
        if isinstance(error, KeyboardInterrupt):
            why = RunCancelledError(f"its run {run} was stopped")
        else:
            why = why_interrupted(instance, ended) if ended else RunInterruptedError(str(error))
        left = [ledger.interrupt(manifest, run, why) for manifest in manifests]
        if ended and left[0]:
            instance.add_run_tags(run, {INTERRUPTED_TAG: why.reason})
        raise


def _leave(conversion: Conversion, manifests: Sequence[Manifest], run: str) -> None:
    """Nothing more is done of these batches, as it was asked for."""
    ledger = open_ledger(conversion.artifacts.store)
    for manifest in manifests:
        ledger.interrupt(manifest, run, RunCancelledError(f"its run {run} ended with the first failure"))


def _why(result: dg.JobExecutionResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            return f"the step {event.step_key} failed: {failure_reason(event).strip()}"
    return "the run failed; `--log-level info` shows why"


def _write_overlays(conversion: Conversion, documents: Sequence[DocumentRef], out: str) -> None:
    target = DocumentStore(out)
    for document in documents:
        for record in conversion.records("layout", [document]):
            for _, page, image in conversion.overlays([(document, page) for page in record.pages]):
                target.write(f"{document.stem}.overlays/page-{page:04d}.jpg", image)
