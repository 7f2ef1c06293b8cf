"""Schedules: a nightly backfill of what is overdue, and the daily report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import dagster as dg

from docmill.pipeline.convert.errors import BackendError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.jobs import CONVERT_DOCUMENTS, REPORT_CORPUS
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import conversion_of, conversion_resources, taking
from docmill.pipeline.instance.runs.interrupted import RunSettings, settings_before
from docmill.pipeline.instance.runs.lanes import lane_tags
from docmill.pipeline.instance.watching.active_runs import running_batches
from docmill.pipeline.intake.batches import read_manifest
from docmill.pipeline.intake.overdue import OVERDUE_COLUMNS, Overdue, overdue_batches
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.spec import Stage
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.inbox import Inbox

__all__ = ["daily_report", "nightly_backfill", "redo_fallback"]

#: The batches of a tick, by its context, the resources, the stages and the name of the partitions.
_Requests = Callable[
    [dg.ScheduleEvaluationContext, Mapping[str, Any], Sequence[type[Stage]], str],
    Iterator[dg.RunRequest | dg.SkipReason],
]


def nightly_backfill(names: Names, stages: Sequence[type[Stage]]) -> dg.ScheduleDefinition:
    """The schedule of that name; `overdue_batches` says which batches these are."""
    return _schedule(
        "nightly_backfill",
        "0 2 * * *",
        _overdue,
        names,
        stages,
        "Runs batches that were interrupted or missed, that have documents whose failure may have been "
        "chance, or that older settings or models made.",
        dg.DefaultScheduleStatus.STOPPED,
    )


def redo_fallback(names: Names, stages: Sequence[type[Stage]], cron: str) -> dg.ScheduleDefinition:
    """The schedule of that name, which runs at the times of `cron`."""
    return _schedule(
        "redo_fallback",
        cron,
        _fallen_back,
        names,
        stages,
        "Runs batches again that have documents which the embedded models did while a model server was away.",
        dg.DefaultScheduleStatus.RUNNING,
    )


def daily_report(names: Names) -> dg.ScheduleDefinition:
    """The schedule of that name."""
    return dg.ScheduleDefinition(
        name=names.of("daily_report"),
        job_name=names.of(REPORT_CORPUS),
        cron_schedule="0 6 * * *",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Writes the report of the corpus.",
    )


def _schedule(
    name: str,
    cron: str,
    requests: _Requests,
    names: Names,
    stages: Sequence[type[Stage]],
    description: str,
    status: dg.DefaultScheduleStatus,
) -> dg.ScheduleDefinition:
    """A schedule that asks for the batches of `requests`."""

    @dg.schedule(
        name=names.of(name),
        job_name=names.of(CONVERT_DOCUMENTS),
        cron_schedule=cron,
        description=description,
        default_status=status,
    )
    @taking(conversion_resources(stages) | {"inbox": Inbox}, names.resource_prefix)
    def schedule(
        context: dg.ScheduleEvaluationContext, resources: Mapping[str, Any]
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        return requests(context, resources, stages, names.of("batches"))

    return schedule


def _overdue(
    context: dg.ScheduleEvaluationContext,
    resources: Mapping[str, Any],
    stages: Sequence[type[Stage]],
    partitions: str,
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Never more than a tick of the inbox may: what is left comes the night after."""
    inbox: Inbox = resources["inbox"]
    conversion = conversion_of(resources, stages)
    try:
        current: str | None = conversion.asked().fingerprints[stages[-1].name]
    except BackendError as error:
        context.log.warning(f"nothing counts as stale tonight: {error}")
        current = None
    ledger = open_ledger(conversion.artifacts.store)
    running = running_batches(context.instance)
    found = [
        each
        for each in overdue_batches(ledger.documents.scan(OVERDUE_COLUMNS), current)
        if each.batch not in running
    ]
    yield from _requests(context, conversion, found, inbox.batches_per_tick, partitions)


def _fallen_back(
    context: dg.ScheduleEvaluationContext,
    resources: Mapping[str, Any],
    stages: Sequence[type[Stage]],
    partitions: str,
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Not while a server is away still."""
    inbox: Inbox = resources["inbox"]
    try:
        conversion = conversion_of(resources, stages).asked(fall_back=True)
    except BackendError as error:
        yield dg.SkipReason(str(error))
        return
    away = [name for name in conversion.stages if conversion.fell_back(name)]
    if away:
        yield dg.SkipReason(f"the server is away of {', '.join(away)}")
        return
    ledger = open_ledger(conversion.artifacts.store)
    prints = conversion.fallback_fingerprints(stages[-1].name)
    tables = ledger.documents.scan(OVERDUE_COLUMNS)
    running = running_batches(context.instance)
    overdue = overdue_batches(tables, None, ["fallback"], fallbacks=prints)
    found = [each for each in overdue if each.batch not in running]
    yield from _requests(context, conversion, found, inbox.batches_per_tick, partitions)


def _requests(
    context: dg.ScheduleEvaluationContext,
    conversion: Conversion,
    found: Sequence[Overdue],
    most: int,
    partitions: str,
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    settings = ((each, _asked(context, conversion.artifacts.store, each)) for each in found)
    known = ((each, asked) for each, asked in settings if asked)
    chosen = list(islice(known, most))
    if not chosen:
        yield dg.SkipReason("no batch is interrupted, missing, failed, stale or done while a server was away")
        return
    counts = ", ".join(f"{count} {why}" for why, count in Counter(each.why for each in found).items())
    context.log.info(f"{counts}; {len(chosen)} of them tonight")
    context.instance.add_dynamic_partitions(partitions, [each.batch for each, _ in chosen])
    night = context.scheduled_execution_time.date().isoformat()
    for each, asked in chosen:
        yield dg.RunRequest(
            run_key=f"{night}/{each.batch}",
            partition_key=each.batch,
            run_config=asked.run_config,
            tags={**lane_tags("backfill", why=each.why), **asked.tags},
        )


def _asked(context: dg.ScheduleEvaluationContext, store: DocumentStore, each: Overdue) -> RunSettings | None:
    """What the run of a batch is asked with; None when it was interrupted, and that is not known here."""
    if each.why != "interrupted":
        return RunSettings()
    manifest = read_manifest(store, each.batch)
    asked = settings_before(context.instance, each.run, manifest, each.why)
    if asked is None or asked.missing:
        context.log.warning(f"{each.batch} is left: what its run {each.run} was asked with is not known here")
        return None
    open_ledger(store).queue([manifest], resumed=True)
    return asked
