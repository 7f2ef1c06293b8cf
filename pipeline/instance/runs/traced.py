"""The trace of a run: its batch is a span, each of its steps one within that, and steps say where they are.

Steps of a run may be processes or pods of their own, so what they share follows from the run alone: the
trace's id from the first run's id (a run that is started again goes on with its trace), the batch's span from
the run's. The batch's span is sent by the step after which the run goes no further.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from docmill.resources.clients.tracing.spans import NO_SPAN, OpenSpan, Span, SpanContext, entered
from docmill.resources.tracing import Tracing

__all__ = ["TRACEPARENT_TAG", "TRACE_TAG", "StepTrace", "batch_span_of", "traced_step"]

#: Says the trace of a run.
TRACE_TAG = "docmill/trace_id"
#: Whoever launches a run may name a span of theirs, in W3C Trace Context, that the run is to be part of.
TRACEPARENT_TAG = "docmill/traceparent"


@dataclass
class StepTrace:
    """The span of a step; `ends_batch` says that the run goes no further after it, `error` why not."""

    span: Span = NO_SPAN
    ends_batch: bool = False
    error: str = ""

    @property
    def metadata(self) -> dict[str, str]:
        """For the step's materializations."""
        return {"trace_id": self.span.trace_id} if self.span.trace_id else {}


@contextmanager
def traced_step(
    context: dg.AssetExecutionContext, tracing: Tracing, stage: str, retries: int
) -> Iterator[StepTrace]:
    """The step that runs a stage over a batch, as the current span where traces are wanted.

    A step that fails ends the batch, unless Dagster tries it again: `retries` times, where the error allows.
    """
    exporter = tracing.exporter()
    if exporter is None:
        yield StepTrace()
        return
    try:
        run = context.run
        context_of_batch, parent = batch_span_of(run)
        if not exporter.samples(context_of_batch.trace_id, "batch"):
            yield StepTrace()
            return
        if run.tags.get(TRACE_TAG) != context_of_batch.trace_id:
            context.instance.add_run_tags(run.run_id, {TRACE_TAG: context_of_batch.trace_id})
        context.log.info(f"trace_id={context_of_batch.trace_id}")
        inherited = {"docmill.batch": context.partition_key, "dagster.run_id": run.run_id}
        batch = OpenSpan("batch", context_of_batch, exporter.keep, parent, inherited=inherited)
        batch.set({"dagster.job": run.job_name})
        span = batch.child(
            stage, {"dagster.retry_number": context.retry_number}, inherited={"docmill.stage": stage}
        )
        trace = StepTrace(span)
        try:
            with entered(span):
                yield trace
        except BaseException as error:
            trace.error = f"{stage}: {error}"
            trace.ends_batch = not _is_retried(error, context.retry_number, retries)
            raise
        finally:
            span.end(trace.error)
            if trace.ends_batch:
                record = context.instance.get_run_record_by_id(run.run_id)
                if record and record.start_time:
                    batch.begin_at(int(record.start_time * 1e9))
                batch.end(trace.error)
    finally:
        exporter.close()


def batch_span_of(run: dg.DagsterRun) -> tuple[SpanContext, str]:
    """The span of a run's batch, and the id of the span that it is within; empty where it is the first."""
    given = SpanContext.parsed(run.tags.get(TRACEPARENT_TAG, ""))
    trace_id = given.trace_id if given else _trace_id(run.root_run_id or run.run_id)
    earlier = _span_id(run.parent_run_id) if run.parent_run_id else given.span_id if given else ""
    return SpanContext(trace_id, _span_id(run.run_id)), earlier


def _trace_id(run: str) -> str:
    """A run's id without its dashes, so that who knows the one finds the other."""
    try:
        return uuid.UUID(run).hex
    except ValueError:
        return hashlib.sha256(run.encode()).hexdigest()[:32]


def _span_id(run: str) -> str:
    return hashlib.sha256(run.encode()).hexdigest()[:16]


def _is_retried(error: BaseException, retry: int, retries: int) -> bool:
    if not isinstance(error, Exception) or (isinstance(error, dg.Failure) and not error.allow_retries):
        return False
    return retry < retries
