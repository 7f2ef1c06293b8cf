"""A real Triton server takes docmill's traces further: its own spans are within those of the requests."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from docmill.resources.clients.tracing.otlp import OtlpExporter
from docmill.resources.clients.tracing.spans import OpenSpan, SpanContext, entered
from docmill.resources.clients.triton import TritonModel, TritonServer
from tests.acceptance.serving import make_repository, server
from tests.support.served_pages import sample_pages
from tests.support.trace_collector import TraceCollector

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]


def test_the_server_s_spans_are_within_the_request_s(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "repository")
    with TraceCollector() as collector:
        exporter = OtlpExporter(collector.address)
        with server(repository, "layout_cdla", traces=collector.address) as triton:
            model = TritonModel(TritonServer(triton.url), "layout_cdla", outputs=3)
            picture = sample_pages(1)
            model.infer([picture])
            with entered(OpenSpan("chunk", SpanContext("1" * 32, "2" * 16), exporter.keep)):
                model.infer([picture])
            exporter.close()
            deadline = time.monotonic() + 30
            while len(collector.spans) < 4 and time.monotonic() < deadline:
                time.sleep(0.2)
    # the request outside of a trace, the canary's and the server's warm-up have left none
    assert {span.trace_id for span in collector.spans} == {"1" * 32}
    [compute] = collector.named("compute")
    assert collector.lineage(compute) == ["triton layout_cdla", "InferRequest", "layout_cdla", "compute"]
    assert compute.service == "triton-inference-server"
