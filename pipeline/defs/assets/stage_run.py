"""One stage over the batch of a partition: what it came to, and what its errors mean to Dagster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
from docmill.pipeline.instance.metadata import outcome_metadata
from docmill.pipeline.instance.run_output import picture_keeper
from docmill.pipeline.instance.runs.interrupted import WHY
from docmill.pipeline.intake.batches import DocumentRef, Manifest, read_manifest
from docmill.pipeline.stages.checks import Check, Finding, StageBatch
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.spec import Stage
from docmill.resources.settings.pricing import Pricing

__all__ = [
    "BACKEND_RETRIES",
    "INTERRUPTED",
    "FollowUp",
    "Followed",
    "StageOutcome",
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
) -> StageOutcome:
    """Run a stage over the batch of this partition. Raises `BackendError`, which is no document's fault.

    The metadata's table has the documents that need attention, and `ordinary` of the others.
    """
    manifest = _manifest(conversion, context.partition_key)
    started = time.monotonic()
    records = conversion.run(stage, manifest.documents, resources["progress"](context.log))
    pricing: Pricing = resources["pricing"]
    metadata = outcome_metadata(records, time.monotonic() - started, pricing.price(), ordinary)
    ran = conversion.stages[stage]
    run = context.run.run_id
    keep = picture_keeper(context.instance, run, stage)
    return StageOutcome(conversion, ran, manifest, records, metadata, resources, run, keep)


def stop_batch(outcome: StageOutcome, findings: Sequence[tuple[Check, Finding]]) -> None:
    """Settle in the ledger a batch that goes no further because of a check; any other is left alone."""
    why = [found.description for check, found in findings if check.blocking and not found.passed]
    if not why:
        return
    manifest, conversion = outcome.manifest, outcome.conversion
    stopped = Outcome(manifest.key, manifest.origin, outcome.run, conversion.fingerprints_now())
    ledger = open_ledger(conversion.artifacts.store)
    record_stop(ledger, stopped, outcome.documents, outcome.records, "; ".join(why))


def _manifest(conversion: Conversion, key: str) -> Manifest:
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
    not answer; when it answers none of them the run fails, and the instance runs it again.
    """
    try:
        yield
    except BackendConfigError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except BackendUnavailableError as error:
        why = {WHY: ServerAwayError.reason}
        raise dg.Failure(description=str(error), metadata=why, allow_retries=_retry(context)) from error
    except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt) as error:
        # or Dagster's retry policy would start the step again
        why = {WHY: RunDiedError.reason}
        raise dg.Failure(description=INTERRUPTED, metadata=why, allow_retries=False) from error


def _retry(context: dg.AssetExecutionContext) -> bool:
    """Whether the step waits for its server and tries again; a run that has waited enough is run again."""
    if not has_code_server(context.run):
        return bool(context.retry_number < _RETRIES_AT_TERMINAL)
    if context.retry_number < BACKEND_RETRIES.max_retries:
        return True
    context.instance.add_run_tags(context.run_id, {RETRY_ON_ASSET_OR_OP_FAILURE_TAG: "true"})
    return False
