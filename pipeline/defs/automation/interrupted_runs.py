"""The sensor of runs that ended before their batch did: it says so, and goes on with what passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.defs.jobs import CONVERT_DOCUMENTS
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import taking
from docmill.pipeline.instance.runs.interrupted import (
    INTERRUPTED_TAG,
    EndedRun,
    asked_like,
    due_runs,
    ended_runs,
    why_interrupted,
)
from docmill.pipeline.instance.watching.active_runs import running_batches
from docmill.pipeline.intake.batches import Manifest, read_manifest
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.store import Store

__all__ = ["INTERRUPTED_RUNS", "interrupted_runs"]

INTERRUPTED_RUNS = "interrupted_runs"
#: How far back the first tick looks for runs that ended, and how long writing of one may take.
_FIRST_LOOK, _OVERLAP = timedelta(days=7), timedelta(minutes=1)
#: And what a tick of it takes at most.
_SECONDS = 30.0


def interrupted_runs(names: Names, assets: Iterable[str]) -> dg.SensorDefinition:
    """The sensor of that name; `ended_runs` and `due_runs` say which runs these are.

    It is about runs of docmill's job, and those of its `assets` alone that somebody launched from the UI.
    """
    keys = {names.key(asset) for asset in assets}

    @dg.sensor(
        name=names.of(INTERRUPTED_RUNS),
        description="Says in the ledger which documents a run left behind that was cancelled, died or "
        "failed, and goes on with those that no person has stopped.",
        job_name=names.of(CONVERT_DOCUMENTS),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    @taking({"store": Store}, names.resource_prefix)
    def sensor(context: dg.SensorEvaluationContext, resources: Mapping[str, Any]) -> dg.SensorResult:
        def ours(run: dg.DagsterRun) -> bool:
            return run.job_name == names.of(CONVERT_DOCUMENTS) or not keys.isdisjoint(
                run.asset_selection or ()
            )

        return _interrupted(context, names, resources["store"].open(), ours)

    return sensor


def _interrupted(
    context: dg.SensorEvaluationContext,
    names: Names,
    store: DocumentStore,
    ours: Callable[[dg.DagsterRun], bool],
) -> dg.SensorResult:
    instance, ledger, now = context.instance, open_ledger(store), datetime.now(UTC)
    since = _moment(context.cursor) or now - _FIRST_LOOK
    running, deadline = running_batches(instance), time.monotonic() + _SECONDS
    # of several runs of a batch the last is gone on with
    latest = {ended.batch: ended for ended in ended_runs(instance, since - _OVERLAP)}
    for ended in sorted(latest.values(), key=lambda each: each.updated):
        if time.monotonic() > deadline:
            break  # somebody has cancelled very many
        since = max(since, ended.updated)
        manifest = _manifest(store, ended.batch) if ours(ended.run) and ended.batch not in running else None
        if manifest:
            _note(context, ledger, ended, manifest)
    requests = []
    for due in due_runs(instance, now):
        asked = asked_like(due.run, f"run {due.run.run_id} was interrupted")
        manifest = None if due.batch in running or asked.missing else _manifest(store, due.batch)
        if manifest and ours(due.run):
            ledger.queue([manifest], resumed=True)
            requests.append(
                dg.RunRequest(
                    run_key=f"interrupted/{due.run.run_id}",
                    partition_key=due.batch,
                    run_config=asked.run_config,
                    tags=dict(asked.tags),
                )
            )
    keys = [request.partition_key for request in requests if request.partition_key]
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[names.batches.build_add_request(keys)] if keys else [],
        cursor=since.isoformat(),
        skip_reason=None if requests else "no run that was interrupted is due",
    )


def _moment(cursor: str | None) -> datetime | None:
    """The moment that Dagster kept; None when there is none or somebody has edited it."""
    try:
        moment = datetime.fromisoformat(cursor or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _note(context: dg.SensorEvaluationContext, ledger: Ledger, ended: EndedRun, manifest: Manifest) -> None:
    """Say so in the ledger, and then on the run: a tick that dies in between does both again."""
    error = why_interrupted(context.instance, ended.run)
    left = ledger.interrupt(manifest, ended.run.run_id, error)
    if left:
        context.instance.add_run_tags(ended.run.run_id, {INTERRUPTED_TAG: error.reason})
        context.log.warning(f"{left} documents of {ended.batch} were left behind: {error}")


def _manifest(store: DocumentStore, batch: str) -> Manifest | None:
    """A batch; None for one of another store."""
    try:
        return read_manifest(store, batch)
    except FileNotFoundError:
        return None
