"""Sensors that launch runs: what appears in the inbox, what was asked for, what to run again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from docmill.pipeline.convert.errors import BackendConfigError, RunInterruptedError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.assets.inbox import INBOX, NO_INBOX, seen_by_sensor
from docmill.pipeline.defs.jobs import CONVERT_DOCUMENTS
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import taking
from docmill.pipeline.instance.dagster_internals import partition_of
from docmill.pipeline.instance.runs.asking import asker_tags
from docmill.pipeline.instance.runs.interrupted import WHY, RunSettings, settings_before
from docmill.pipeline.instance.runs.lanes import LANE_TAGS, lane_tags
from docmill.pipeline.instance.runs.retries import RUN_AGAIN_TAG, lost_retries, times_run_again
from docmill.pipeline.instance.warm.warm_runs import expect_runs
from docmill.pipeline.instance.watching.active_runs import has_active_run, running_batches
from docmill.pipeline.intake.batches import BatchLimits, read_manifest
from docmill.pipeline.intake.inbox import Cursor, InboxLimits, InboxReader, Look
from docmill.pipeline.intake.requests import Request, RequestCursor, take
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.inbox import Inbox
from docmill.resources.store import Store

__all__ = [
    "NEW_PDFS",
    "REQUESTED_BATCHES",
    "UNRETRIED_RUNS",
    "new_pdfs",
    "requested_batches",
    "unretried_runs",
]

NEW_PDFS, REQUESTED_BATCHES, UNRETRIED_RUNS = "new_pdfs", "requested_batches", "unretried_runs"
#: Files that one tick names in its log.
_NAMED = 20


def new_pdfs(names: Names, inbox: Inbox) -> dg.SensorDefinition:
    """The sensor of that name: it is on when there is an inbox."""

    @dg.sensor(
        name=names.of(NEW_PDFS),
        description="Makes batches of new and changed PDFs of the inbox, and a run of each.",
        job_name=names.of(CONVERT_DOCUMENTS),
        # the daemon looks for sensors that are due every five seconds
        minimum_interval_seconds=4,
        default_status=dg.DefaultSensorStatus.RUNNING if inbox.place else dg.DefaultSensorStatus.STOPPED,
    )
    @taking({"inbox": Inbox, "store": Store}, names.resource_prefix)
    def sensor(context: dg.SensorEvaluationContext, resources: Mapping[str, Any]) -> dg.SensorResult:
        return _look(context, names, resources["inbox"], resources["store"])

    return sensor


def requested_batches(names: Names) -> dg.SensorDefinition:
    """The sensor of that name: so many batches a tick."""

    @dg.sensor(
        name=names.of(REQUESTED_BATCHES),
        description="Runs what `docmill retry`, `docmill backfill` and the job convert_files asked for.",
        job_name=names.of(CONVERT_DOCUMENTS),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    @taking({"inbox": Inbox, "store": Store}, names.resource_prefix)
    def sensor(context: dg.SensorEvaluationContext, resources: Mapping[str, Any]) -> dg.SensorResult:
        return _requested(context, names, resources["inbox"], resources["store"])

    return sensor


def unretried_runs(names: Names) -> dg.SensorDefinition:
    """The sensor of that name; `lost_retries` says which runs these are."""

    @dg.sensor(
        name=names.of(UNRETRIED_RUNS),
        description="Runs again what Dagster should have and could not, as while its database was away.",
        job_name=names.of(CONVERT_DOCUMENTS),
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        return _unretried(context, names)

    return sensor


def _look(context: dg.SensorEvaluationContext, names: Names, inbox: Inbox, store: Store) -> dg.SensorResult:
    """Raises `DocmillError` where there is no inbox, or it does not answer.

    Then the tick has failed, the cursor stays, and the next tick tries again.
    """
    if not inbox.place:
        raise BackendConfigError(NO_INBOX)
    opened = store.open()
    reader = InboxReader(inbox.listing(), store.sources(), opened, open_ledger(opened), _limits(inbox))
    busy = has_active_run(context.instance, names.of(CONVERT_DOCUMENTS))
    look = reader.look(Cursor.parse(context.cursor), busy=busy)
    _tell(context, look)
    if look.batches or look.cursor.unsettled:
        expect_runs(context.instance)
    requests = [
        dg.RunRequest(
            run_key=manifest.key,
            partition_key=manifest.key,
            tags=lane_tags("inbox", documents=str(len(manifest.documents))),
        )
        for manifest in look.batches
    ]
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[names.batches.build_add_request([each.key for each in look.batches])]
        if look.batches
        else [],
        cursor=look.cursor.dump(),
        asset_events=seen_by_sensor(look, inbox.place, names.key(INBOX)),
        skip_reason=None if requests else f"{look.listed} files listed, nothing to run yet",
    )


def _requested(
    context: dg.SensorEvaluationContext, names: Names, inbox: Inbox, store: Store
) -> dg.SensorResult:
    found, cursor = take(store.open(), RequestCursor.parse(context.cursor), inbox.batches_per_tick)
    requests = []
    for request, batch in found:
        settings = _settings_of(context, store.open(), request, batch)
        if settings:
            tags = lane_tags(request.lane, why=request.why, request=request.id)
            requests.append(
                dg.RunRequest(
                    run_key=f"{request.id}/{batch}",
                    partition_key=batch,
                    run_config=settings.run_config,
                    tags={**settings.tags, **tags, **asker_tags(request.by, request.why)},
                )
            )
    keys = list(dict.fromkeys(request.partition_key for request in requests if request.partition_key))
    if keys:
        expect_runs(context.instance)
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[names.batches.build_add_request(keys)] if keys else [],
        cursor=cursor.dump(),
        skip_reason=None if requests else "nothing was asked for",
    )


def _settings_of(
    context: dg.SensorEvaluationContext, store: DocumentStore, request: Request, batch: str
) -> RunSettings | None:
    """What the run of a batch of a request is asked with.

    None when it is to have the settings of a run that is not known here; its documents are interrupted still.
    """
    run = request.runs.get(batch)
    if not run:
        return RunSettings(request.config)
    manifest = read_manifest(store, batch)
    settings = settings_before(context.instance, run, manifest)
    if settings and not settings.missing:
        return settings.but_with(request.config)
    why = RunInterruptedError(f"the settings of its run {run} are not known here")
    open_ledger(store).interrupt(manifest, run, why)
    context.log.warning(f"{batch} is left: {why}")
    return None


def _unretried(context: dg.SensorEvaluationContext, names: Names) -> Iterator[dg.RunRequest | dg.SkipReason]:
    running = running_batches(context.instance)
    found = [
        (run, batch)
        for run in lost_retries(context.instance, names.of(CONVERT_DOCUMENTS), datetime.now(UTC))
        if (batch := partition_of(run)) and batch not in running
    ]
    if not found:
        yield dg.SkipReason("no run lost its retry")
    for run, batch in found:
        lane = {name: run.tags[name] for name in LANE_TAGS if name in run.tags}
        yield dg.RunRequest(
            run_key=f"retry/{run.run_id}",
            partition_key=batch,
            run_config=run.run_config,
            tags={
                **lane,
                RUN_AGAIN_TAG: str(times_run_again(run) + 1),
                WHY: f"run {run.run_id} ended and was not run again",
            },
        )


def _limits(inbox: Inbox) -> InboxLimits:
    return InboxLimits(
        batch=BatchLimits(inbox.batch_documents, inbox.batch_mb << 20),
        batches=inbox.batches_per_tick,
        keys=inbox.keys_per_tick,
        seconds=inbox.tick_seconds,
        settle=timedelta(seconds=inbox.settle_seconds),
        settle_whole=timedelta(seconds=inbox.settle_whole_seconds),
        max_wait=timedelta(seconds=inbox.max_wait_seconds),
        full_sweep=timedelta(hours=inbox.full_sweep_hours),
    )


def _tell(context: dg.SensorEvaluationContext, look: Look) -> None:
    """The log of the tick: how much was looked at, and the files that are left out, each only once."""
    context.log.info(
        f"{look.listed} files listed{', to the end' if look.swept else ''}, {look.identified} read, "
        f"{len(look.batches)} batches, {len(look.cursor.waiting)} documents wait for theirs to fill"
    )
    for row in look.left_out[:_NAMED]:
        context.log.warning(f"left out ({row.reason}): {row.address}")
    if len(look.left_out) > _NAMED:
        reasons = Counter(row.reason for row in look.left_out)
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        context.log.warning(f"left out in all: {counts}; `docmill documents --ignored` lists them")
