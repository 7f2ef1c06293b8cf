"""What the assets share: their resources put together, and one stage materialized over one batch."""

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import dagster as dg

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.pipeline.defs.checks import failure_rate, failure_rate_spec
from docmill.pipeline.defs.partitions import batches
from docmill.pipeline.instance.dagster_internals import RETRY_ON_ASSET_OR_OP_FAILURE_TAG, has_code_server
from docmill.pipeline.instance.metadata import outcome_metadata
from docmill.pipeline.intake.batches import DocumentRef, Manifest, read_manifest
from docmill.pipeline.stages.conversion import Conversion, TimeLimits
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.resources.configurable import Checks

__all__ = [
    "GROUP",
    "INTERRUPTED",
    "StageOutcome",
    "conversion_of",
    "run_stage",
    "stage_asset",
]

GROUP = "convert"
#: Why a step failed that was told to stop.
INTERRUPTED = "interrupted; run it again and it goes on where it was"
#: Documents that each stage's table has though there is nothing to say of them: Dagster keeps it three times.
_ORDINARY = 16
_RESOURCES = {
    "checks",
    "store",
    "reader",
    "workers",
    "ocr",
    "layout",
    "tables",
    "understanding",
    "assembly",
    "exports",
    "pricing",
    "progress",
}

#: For a server that does not answer: some eight minutes in all. A document that cannot be converted is no
#: failure of the step.
_BACKEND_RETRIES = dg.RetryPolicy(
    max_retries=8, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
#: Whoever waits at a terminal is told after some fifteen seconds.
_RETRIES_AT_TERMINAL = 3


@dataclass(frozen=True)
class StageOutcome:
    """A stage that ran over a batch."""

    conversion: Conversion
    manifest: Manifest
    records: list[StageRecord]
    metadata: dict[str, Any]
    checks: Checks
    run: str

    @property
    def check(self) -> dg.AssetCheckResult:
        """Whether the batch goes on; for stages that are checked."""
        return failure_rate(self.conversion, self.manifest, self.records, self.checks, self.run)

    @property
    def documents(self) -> list[DocumentRef]:
        """The batch's documents, in the order of the records."""
        return self.manifest.documents


def stage_asset(
    name: str, *, deps: list[str], kinds: set[str], pool: str | None = None, checked: bool = False
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """The decorator of every stage's asset: partitioned by batch, with resources and retries they share.

    What the function raises becomes a `dagster.Failure`: without retries when docmill is set up wrongly or
    the run is interrupted, with retries when a server does not answer; when it answers none of them
    the run fails, and the instance runs it again. `pool` bounds how many of these steps run at once on the
    instance. A stage that is `checked` returns the result of `failure_rate` too.
    """
    asset = dg.asset(
        name=name,
        deps=deps,
        group_name=GROUP,
        kinds=kinds,
        partitions_def=batches,
        required_resource_keys=_RESOURCES,
        retry_policy=_BACKEND_RETRIES,
        code_version="1",
        pool=pool,
        check_specs=[failure_rate_spec(name)] if checked else None,
    )

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        @wraps(function)
        def guarded(context: dg.AssetExecutionContext) -> Any:
            with _typed_failures(context):
                return function(context)

        # an asset with checks has several outputs, which Dagster would have in the annotation as a tuple
        plain = inspect.signature(function).replace(return_annotation=inspect.Signature.empty)
        guarded.__signature__ = plain  # type: ignore[attr-defined]
        return asset(guarded)

    return decorate


def conversion_of(resources: Any) -> Conversion:
    """The conversion that a run's resources describe."""
    return Conversion(
        artifacts=ArtifactStore(resources.store.open()),
        sources=resources.store.sources(),
        reader=ReaderSettings(
            resources.reader.password or None,
            resources.reader.pages,
            resources.reader.limits(),
            resources.reader.text.engine(),
            resources.reader.legacy_text,
        ),
        ocr=resources.ocr.backend.engine(),
        layout=resources.layout.backend.engine(),
        tables=resources.tables.backend.engine(),
        assembly=resources.assembly.options(resources.layout.backend.nested),
        formats=resources.exports.checked_formats(),
        workers=WorkerLimits(resources.workers.processes, resources.workers.memory_mb),
        limits=TimeLimits(resources.workers.task_seconds, resources.workers.document_seconds),
        understanding=resources.understanding.engine(),
    )


def run_stage(context: dg.AssetExecutionContext, stage: str, *, ordinary: int = _ORDINARY) -> StageOutcome:
    """Run a stage over the batch of this partition. Raises `BackendError`, which is no document's fault.

    The metadata's table has the documents that need attention, and `ordinary` of the others.
    """
    conversion = conversion_of(context.resources)
    manifest = _manifest(conversion, context.partition_key)
    started = time.monotonic()
    records = conversion.run(stage, manifest.documents, context.resources.progress(context.log))
    price = context.resources.pricing.price()
    metadata = outcome_metadata(records, time.monotonic() - started, price, ordinary)
    return StageOutcome(conversion, manifest, records, metadata, context.resources.checks, context.run.run_id)


def _manifest(conversion: Conversion, key: str) -> Manifest:
    try:
        return read_manifest(conversion.artifacts.store, key)
    except FileNotFoundError as error:
        raise BackendConfigError(
            f"the store {conversion.artifacts.store.url} has no manifest of the batch {key}; "
            "make batches with `docmill convert`, and use the same store here"
        ) from error


@contextmanager
def _typed_failures(context: dg.AssetExecutionContext) -> Iterator[None]:
    try:
        yield
    except BackendConfigError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except BackendUnavailableError as error:
        raise dg.Failure(description=str(error), allow_retries=_retry(context)) from error
    except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt) as error:
        # or Dagster's retry policy would start the step again
        raise dg.Failure(description=INTERRUPTED, allow_retries=False) from error


def _retry(context: dg.AssetExecutionContext) -> bool:
    """Whether the step waits for its server and tries again; a run that has waited enough is run again."""
    if not has_code_server(context.run):
        return bool(context.retry_number < _RETRIES_AT_TERMINAL)
    if context.retry_number < _BACKEND_RETRIES.max_retries:
        return True
    context.instance.add_run_tags(context.run_id, {RETRY_ON_ASSET_OR_OP_FAILURE_TAG: "true"})
    return False
