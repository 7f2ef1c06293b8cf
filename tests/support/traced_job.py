"""A job of two steps that are traced, each in a process of its own."""

import os

import dagster as dg

from docmill.pipeline.instance.runs.traced import traced_step
from docmill.resources.tracing import Tracing

__all__ = ["FAILS_TAG", "KEY", "traced_job"]

KEY = "2026-11-29-2docs-733861"
_BATCHES = dg.StaticPartitionsDefinition([KEY])


#: Names the step that fails.
FAILS_TAG = "fails"


def _step(name: str, after: str, retries: int, last: bool) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        deps=[after] if after else [],
        partitions_def=_BATCHES,
        retry_policy=dg.RetryPolicy(max_retries=retries) if retries else None,
    )
    def materialize(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with traced_step(context, Tracing(), name, retries) as trace:
            trace.span.set({"pid": os.getpid()})
            trace.ends_batch = last
            if context.run.tags.get(FAILS_TAG) == name:
                raise RuntimeError("told to fail")
            return dg.MaterializeResult(metadata={**trace.metadata})

    return materialize


_FIRST, _SECOND = _step("first", "", 0, False), _step("second", "first", 1, True)


def traced_job() -> dg.JobDefinition:
    """The job."""
    defs = dg.Definitions(
        [_FIRST, _SECOND], jobs=[dg.define_asset_job("traced", executor_def=dg.multiprocess_executor)]
    )
    return defs.resolve_job_def("traced")
