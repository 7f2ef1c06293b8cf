"""OpenTelemetry: spans sent to a collector by its own SDK and OTLP exporter, over HTTP.

The only module that imports OpenTelemetry, and imported only where traces are wanted. OpenTelemetry's own
variables hold for all that is not said here: headers, certificates, timeouts, batches, sampling, resource.
"""

from __future__ import annotations

import os

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.environment_variables import OTEL_SERVICE_NAME
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext as OtlpContext
from opentelemetry.trace import SpanKind, Status, StatusCode, TraceFlags

from docmill.resources.clients.tracing.spans import FinishedSpan

__all__ = ["OtlpExporter"]

_ANSWER_S = 1.0
_KINDS = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT}
_SCOPE = InstrumentationScope("docmill")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class OtlpExporter:
    """Sends finished spans in batches, from a thread of its own; to be closed.

    `address` is what takes traces, such as http://localhost:4318/v1/traces.
    """

    def __init__(self, address: str) -> None:
        named = {} if os.environ.get(OTEL_SERVICE_NAME) else {SERVICE_NAME: "docmill"}
        self._resource = Resource.create(named)
        self._sampler = TracerProvider(resource=self._resource, shutdown_on_exit=False).sampler
        self._address = address
        self._processor = BatchSpanProcessor(OTLPSpanExporter(self._address))

    def answers(self) -> bool:
        """Whether the collector takes a request, an empty one, within a second; OpenTelemetry logs why not.

        For one that is away `close` would wait ten seconds.
        """
        exporter = OTLPSpanExporter(self._address, timeout=_ANSWER_S)
        try:
            return exporter.export([]) is SpanExportResult.SUCCESS
        finally:
            exporter.shutdown()

    def samples(self, trace_id: str, name: str) -> bool:
        """Whether a trace, which begins with a span of that name, is recorded: as OTEL_TRACES_SAMPLER says.

        Every process decides alike for the same trace, where the sampler decides by the trace's id.
        """
        decision = self._sampler.should_sample(None, int(trace_id, 16), name).decision
        return decision is Decision.RECORD_AND_SAMPLE

    def keep(self, span: FinishedSpan) -> None:
        """Send it, soon. What a collector does not take is lost, and OpenTelemetry logs it."""
        self._processor.on_end(
            ReadableSpan(
                name=span.name,
                context=_context(span.context.trace_id, span.context.span_id),
                parent=_context(span.context.trace_id, span.parent_id) if span.parent_id else None,
                resource=self._resource,
                attributes=dict(span.attributes),
                kind=_KINDS[span.kind],
                status=Status(StatusCode.ERROR, span.error) if span.error else Status(),
                start_time=span.start_ns,
                end_time=span.end_ns,
                instrumentation_scope=_SCOPE,
            )
        )

    def close(self) -> None:
        """Send what is left, as long as OpenTelemetry waits for a collector that is away."""
        self._processor.shutdown()


def _context(trace_id: str, span_id: str) -> OtlpContext:
    return OtlpContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=_SAMPLED)
