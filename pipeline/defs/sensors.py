"""Sensors: what appears in the inbox, what was asked for, what to run again, and whom to tell of failures."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from docmill.pipeline.convert.errors import BackendConfigError, DocmillError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.jobs import convert_documents
from docmill.pipeline.defs.partitions import batches
from docmill.pipeline.instance.active_runs import running_batches
from docmill.pipeline.instance.alerts import failure_text
from docmill.pipeline.instance.dagster_internals import partition_of
from docmill.pipeline.instance.lanes import LANE_TAGS, lane_tags
from docmill.pipeline.instance.retries import RUN_AGAIN_TAG, lost_retries, times_run_again
from docmill.pipeline.intake.batches import BatchLimits
from docmill.pipeline.intake.inbox import Cursor, InboxLimits, InboxReader, Look
from docmill.pipeline.intake.requests import RequestCursor, take
from docmill.resources.alerts import Alerts
from docmill.resources.inbox import Inbox
from docmill.resources.store import Store

__all__ = ["alert_on_failure", "new_pdfs", "requested_batches", "unretried_runs"]

#: Files that one tick names in its log.
_NAMED = 20


def _running_if(variable: str) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if os.environ.get(variable) else dg.DefaultSensorStatus.STOPPED


@dg.sensor(job=convert_documents, minimum_interval_seconds=30, default_status=_running_if("DOCMILL_INBOX"))
def new_pdfs(
    context: dg.SensorEvaluationContext, inbox: Inbox, store: Store
) -> dg.SensorResult | dg.SkipReason:
    """Makes batches of new and changed PDFs of the inbox, and a run of each."""
    if not inbox.place:
        return dg.SkipReason("there is no inbox: set $DOCMILL_INBOX, or `url` of the resource `inbox`")
    opened = store.open()
    reader = InboxReader(inbox.listing(), store.sources(), opened, open_ledger(opened), _limits(inbox))
    try:
        look = reader.look(Cursor.parse(context.cursor))
    except DocmillError as error:
        # the cursor stays, and the next tick tries again
        return dg.SkipReason(str(error))
    _tell(context, look)
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
        dynamic_partitions_requests=[batches.build_add_request([each.key for each in look.batches])]
        if look.batches
        else [],
        cursor=look.cursor.dump(),
        skip_reason=None if requests else f"{look.listed} files listed, nothing to run yet",
    )


@dg.sensor(job=convert_documents, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def requested_batches(context: dg.SensorEvaluationContext, inbox: Inbox, store: Store) -> dg.SensorResult:
    """Runs what `docmill retry` and `docmill backfill` asked for, so many batches a tick."""
    found, cursor = take(store.open(), RequestCursor.parse(context.cursor), inbox.batches_per_tick)
    requests = [
        dg.RunRequest(
            run_key=f"{request.id}/{batch}",
            partition_key=batch,
            tags=lane_tags(request.lane, why=request.why, request=request.id),
        )
        for request, batch in found
    ]
    keys = list(dict.fromkeys(batch for _, batch in found))
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[batches.build_add_request(keys)] if keys else [],
        cursor=cursor.dump(),
        skip_reason=None if requests else "nothing was asked for",
    )


@dg.sensor(job=convert_documents, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def unretried_runs(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Runs again what Dagster should have and could not, for instance while its database was away."""
    running = running_batches(context.instance)
    found = [
        (run, batch)
        for run in lost_retries(context.instance, convert_documents.name, datetime.now(UTC))
        if (batch := partition_of(run)) and batch not in running
    ]
    if not found:
        yield dg.SkipReason("no run lost its retry")
    for run, batch in found:
        lane = {name: run.tags[name] for name in LANE_TAGS if name in run.tags}
        yield dg.RunRequest(
            run_key=f"retry/{run.run_id}",
            partition_key=batch,
            tags={
                **lane,
                RUN_AGAIN_TAG: str(times_run_again(run) + 1),
                "docmill/why": f"run {run.run_id} ended and was not run again",
            },
        )


@dg.run_failure_sensor(minimum_interval_seconds=30, default_status=_running_if("DOCMILL_ALERT_WEBHOOK"))
def alert_on_failure(context: dg.RunFailureSensorContext, alerts: Alerts) -> dg.SkipReason | None:
    """Tells a Slack-compatible webhook which run failed, at which step and why."""
    if not alerts.url:
        return dg.SkipReason("nobody is told: set $DOCMILL_ALERT_WEBHOOK, or the resource `alerts`")
    try:
        alerts.open().post(failure_text(context))
    except BackendConfigError as error:
        context.log.error(str(error))
    return None


def _limits(inbox: Inbox) -> InboxLimits:
    return InboxLimits(
        batch=BatchLimits(inbox.batch_documents, inbox.batch_mb << 20),
        batches=inbox.batches_per_tick,
        keys=inbox.keys_per_tick,
        seconds=inbox.tick_seconds,
        settle=timedelta(seconds=inbox.settle_seconds),
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
