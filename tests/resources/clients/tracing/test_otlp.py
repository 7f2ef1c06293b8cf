"""Spans as a collector gets them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from docmill.resources.clients.tracing.otlp import OtlpExporter
from docmill.resources.clients.tracing.spans import OpenSpan, SpanContext
from tests.support.trace_collector import TraceCollector

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """What OpenTelemetry is told outside the tests does not count."""
    for name in ("OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def collector() -> Iterator[TraceCollector]:
    with TraceCollector() as made:
        yield made


def test_spans_arrive_as_they_are(collector: TraceCollector) -> None:
    exporter = OtlpExporter(collector.address)
    batch = OpenSpan("batch", SpanContext(TRACE, "b7ad6b7169203331"), exporter.keep)
    request = batch.child("request", {"pages": (1, 2), "share": 0.5, "model": "heron"}, "client")
    request.end("refused")
    batch.end()
    exporter.close()
    [inner, outer] = [*collector.named("request"), *collector.named("batch")]
    assert set(collector.paths) == {"/v1/traces"}
    assert (inner.trace_id, inner.parent_id, inner.kind) == (TRACE, outer.span_id, 3)
    assert (outer.span_id, outer.parent_id, outer.kind) == ("b7ad6b7169203331", "", 1)
    assert inner.attributes == {"pages": [1, 2], "share": 0.5, "model": "heron"}
    assert (inner.failed, inner.message, outer.failed) == (True, "refused", False)
    assert (inner.start_ns, outer.start_ns) == (request.start_ns, batch.start_ns)
    assert (inner.service, outer.service) == ("docmill", "docmill")


def test_opentelemetry_s_variables_say_what_is_not_said(
    collector: TraceCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "papers")
    exporter = OtlpExporter(collector.address)
    OpenSpan("batch", SpanContext(TRACE, "b7ad6b7169203331"), exporter.keep).end()
    exporter.close()
    assert [span.service for span in collector.spans] == ["papers"]


@pytest.mark.parametrize(("sampler", "sampled"), [("always_on", True), ("always_off", False)])
def test_which_traces_are_recorded(
    collector: TraceCollector, monkeypatch: pytest.MonkeyPatch, sampler: str, sampled: bool
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    exporter = OtlpExporter(collector.address)
    assert exporter.samples(TRACE, "batch") is sampled
    exporter.close()


def test_a_collector_that_takes_spans_answers(collector: TraceCollector) -> None:
    exporter = OtlpExporter(collector.address)
    assert exporter.answers()
    collector.status = 404
    assert not exporter.answers()
    exporter.close()
    assert collector.spans == []


def test_a_collector_that_is_away_does_not() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        exporter = OtlpExporter(f"http://127.0.0.1:{probe.getsockname()[1]}/v1/traces")
        assert not exporter.answers()
        exporter.close()
