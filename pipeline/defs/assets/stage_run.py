"""One stage over the batch of a partition: what it came to, and what its errors mean to Dagster."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import dagster as dg

from docmill.pipeline.convert.errors import (
    BackendConfigError,
    BackendUnavailableError,
    RunDiedError,
    ServerAwayError,
)
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.stopping import record_stop
from docmill.pipeline.instance.dagster_internals import RETRY_ON_ASSET_OR_OP_FAILURE_TAG, has_code_server
from docmill.pipeline.instance.reporting.metadata import failed_metadata, outcome_metadata
from docmill.pipeline.instance.reporting.spending import GIVEN_UP, numbers_of
from docmill.pipeline.instance.run_output import picture_keeper
from docmill.pipeline.instance.runs.interrupted import WHY
from docmill.pipeline.instance.runs.pods import is_pod, is_step_pod
from docmill.pipeline.intake.batches import DocumentRef, Manifest, read_manifest
from docmill.pipeline.stages.checks import Check, Finding, StageBatch
from docmill.pipeline.stages.conversion import Conversion, Step
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.results.step_accounts import Overhead
from docmill.pipeline.stages.running.workers.crew import Crew
from docmill.pipeline.stages.spec import Stage
from docmill.resources.settings.pricing import Pricing

__all__ = [
    "BACKEND_RETRIES",
    "INTERRUPTED",
    "NOTHING_SPENT",
    "FollowUp",
    "Followed",
    "Spent",
    "StageOutcome",
    "lineage",
    "manifest_of",
    "note_failed",
    "note_given_up",
    "other_stages",
    "run_stage",
    "stop_batch",
    "typed_failures",
]

#: Why a step failed that was told to stop.
INTERRUPTED = "interrupted; run it again and it goes on where it was"
#: For a server that does not answer: some eight minutes in all. A document that cannot be converted is no
#: failure of the step.
BACKEND_RETRIES = dg.RetryPolicy(
    max_retries=8, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
#: Whoever waits at a terminal is told after some fifteen seconds.
_RETRIES_AT_TERMINAL = 3


@dataclass(frozen=True)
class Spent:
    """What the steps of a stage have spent before its last one, beside what page chunks hold."""

    overhead: Overhead = field(default_factory=Overhead)
    wall_seconds: float = 0.0


NOTHING_SPENT = Spent()


@dataclass(frozen=True)
class StageOutcome:
    """A stage that ran over a batch; `resources` are the run's, by key.

    `keep_picture` keeps a picture of a number where Dagster's web server has it, and says at which address;
    None where the instance keeps no files of runs.
    """

    conversion: Conversion
    stage: Stage
    manifest: Manifest
    records: list[StageRecord]
    metadata: dict[str, Any]
    resources: Mapping[str, Any]
    run: str
    keep_picture: Callable[[int, bytes], str] | None = None

    @property
    def findings(self) -> list[tuple[Check, Finding]]:
        """What the stage's own checks find."""
        batch = StageBatch(self.stage, self.records, self.resources["checks"])
        return [(check, check.judge(batch)) for check in self.stage.checks]

    @property
    def documents(self) -> list[DocumentRef]:
        """The batch's documents, in the order of the records."""
        return self.manifest.documents


@dataclass(frozen=True)
class Followed:
    """What came of a `FollowUp`: metadata of the materialization, and a finding for each of its checks."""

    metadata: Mapping[str, Any]
    findings: Sequence[Finding] = ()


@dataclass(frozen=True)
class FollowUp:
    """What follows a stage's work in the same step, and how it is judged."""

    run: Callable[[StageOutcome], Followed]
    checks: Sequence[Check] = ()


def run_stage(
    context: dg.AssetExecutionContext,
    conversion: Conversion,
    stage: str,
    resources: Mapping[str, Any],
    ordinary: int,
    before: Spent = NOTHING_SPENT,
) -> StageOutcome:
    """Run a stage over the batch of this partition. Raises `BackendError`, which is no document's fault.

    The metadata's table has the documents that need attention, and `ordinary` of the others. `before` is what
    other steps of the same stage have spent. What a step spends that fails is in an observation of the asset.
    """
    manifest = manifest_of(conversion, context.partition_key)
    started = time.monotonic()
    pricing: Pricing = resources["pricing"]
    price = pricing.price()

    def failed(step: Step) -> None:
        note_failed(context, failed_metadata(step.records, step.overhead, price))

    progress = resources["progress"](context.log)
    given_up = partial(note_given_up, context)
    crew: Crew = resources["crew"]
    step = conversion.run_step(stage, manifest.documents, progress, given_up, failed, crew=crew)
    seconds, records = before.wall_seconds + time.monotonic() - started, step.records
    metadata = outcome_metadata(records, seconds, price, ordinary, before.overhead + step.overhead)
    ran = conversion.stages[stage]
    run = context.run.run_id
    keep = picture_keeper(context.instance, run, stage)
    return StageOutcome(conversion, ran, manifest, records, metadata, resources, run, keep)


def note_failed(context: dg.AssetExecutionContext, spent: Mapping[str, float]) -> None:
    """Note in the run's event log what a step has spent that fails."""
    if not spent:
        return
    try:
        key = context.assets_def.key
        context.log_event(dg.AssetObservation(key, partition=context.partition_key, metadata=spent))
    except Exception as error:  # noqa: BLE001 - see `note_given_up`
        context.log.warning(f"what the step spent could not be noted: {error}")


def note_given_up(context: dg.AssetExecutionContext, servers: Mapping[str, int]) -> None:
    """Note in the event log that workers gave servers up, for `docmill metrics`.

    At once and beside the run: of a step that fails Dagster keeps no metadata while it is to be tried again.
    """
    numbers = {f"{GIVEN_UP}{model}": float(times) for model, times in servers.items()}
    try:
        context.instance.report_runless_asset_event(
            dg.AssetObservation(
                context.assets_def.key,
                partition=context.partition_key,
                metadata={"run": context.run.run_id, **numbers},
            )
        )
    except Exception as error:  # noqa: BLE001 - a database that is away as well must not hide why the step ends
        context.log.warning(f"that servers were given up could not be noted: {error}")


def lineage(run: dg.DagsterRun) -> list[str]:
    """The runs that a run goes on from, the first of them first, and itself."""
    return list(dict.fromkeys(each for each in (run.root_run_id, run.parent_run_id, run.run_id) if each))


def other_stages(context: dg.AssetExecutionContext, keys: Collection[dg.AssetKey]) -> list[dict[str, float]]:
    """The numbers of these assets that this run has made of this partition, and of steps that failed before.

    A run that goes on where another one failed has those of that one, too.
    """
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION}
    made = (
        entry.asset_materialization or entry.asset_observation
        for each in lineage(context.run)
        for entry in context.instance.all_logs(each, of_type=kinds)
    )
    return [
        numbers_of(each.metadata)
        for each in made
        if each and each.asset_key in keys and each.partition == context.partition_key
    ]


def stop_batch(outcome: StageOutcome, findings: Sequence[tuple[Check, Finding]]) -> str:
    """Settle in the ledger a batch that goes no further because of a check; says why.

    Any other is left alone.
    """
    why = "; ".join(found.description for check, found in findings if check.blocking and not found.passed)
    if not why:
        return ""
    manifest, conversion = outcome.manifest, outcome.conversion
    stopped = Outcome(manifest.key, manifest.origin, outcome.run, conversion.fingerprints_now())
    ledger = open_ledger(conversion.artifacts.store)
    record_stop(ledger, stopped, outcome.documents, outcome.records, why)
    return why


def manifest_of(conversion: Conversion, key: str) -> Manifest:
    """The manifest of a partition. Raises `BackendConfigError` where the store has none."""
    try:
        return read_manifest(conversion.artifacts.store, key)
    except FileNotFoundError as error:
        raise BackendConfigError(
            f"the store {conversion.artifacts.store.url} has no manifest of the batch {key}; "
            "make batches with `docmill convert`, and use the same store here"
        ) from error


@contextmanager
def typed_failures(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Errors become a `dagster.Failure`.

    Without retries when docmill is set up wrongly or the run is interrupted, with retries when a server does
    not answer; when it answers none of them the run fails, and the instance runs it again. So it does with a
    pod's that is interrupted: its node is drained or taken away, and there are others.
    """
    try:
        yield
    except BackendConfigError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except BackendUnavailableError as error:
        why = {WHY: ServerAwayError.reason}
        raise dg.Failure(description=str(error), metadata=why, allow_retries=_retry(context)) from error
    except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt) as error:
        why = {WHY: RunDiedError.reason}
        raise dg.Failure(description=INTERRUPTED, metadata=why, allow_retries=_moved(context)) from error


def _retry(context: dg.AssetExecutionContext) -> bool:
    """Whether the step waits for its server and tries again; a run that has waited enough is run again."""
    if not has_code_server(context.run):
        return bool(context.retry_number < _RETRIES_AT_TERMINAL)
    if context.retry_number < BACKEND_RETRIES.max_retries:
        return True
    return _run_again(context)


def _moved(context: dg.AssetExecutionContext) -> bool:
    """Whether an interrupted step is tried again: in another pod; else Dagster would start it right here."""
    if is_step_pod():
        return True
    return is_pod() and has_code_server(context.run) and _run_again(context)


def _run_again(context: dg.AssetExecutionContext) -> bool:
    """False: the step is not tried again. The run is, by the instance, unless somebody has cancelled it."""
    context.instance.add_run_tags(context.run.run_id, {RETRY_ON_ASSET_OR_OP_FAILURE_TAG: "true"})
    return False
