"""A conversion with two workers, as a collector of traces sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docmill.pipeline.stages.registry import STAGES
from tests.support.chat_server import MODEL, ChatServer
from tests.support.model_cache import weights
from tests.support.trace_collector import TraceCollector

ROOT = Path(__file__).parents[1]
SAMPLES = [ROOT / "tests" / "samples" / name for name in ("annual_report.pdf", "two_column_paper.pdf")]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TraceCollector, ChatServer]]:
    """What a collector and a server for vision-language models saw of one conversion."""
    home = tmp_path_factory.mktemp("traces")
    with TraceCollector() as collector, ChatServer() as server:
        (home / "docmill.toml").write_text(
            f'[tracing]\nendpoint = "{collector.url}"\n[vllm]\nurl = "{server.url}"\nmodel = "{MODEL}"\n'
        )
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER", "OTEL"))}
        own = {"DOCMILL_HOME": str(home), "DOCMILL_MODELS": str(weights("layout").parent)}
        options = ["--understanding", "all", "--jobs", "2", "--out", str(home / "out"), "--quiet"]
        command = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *map(str, SAMPLES), *options]
        subprocess.run(command, env=outside | own, cwd=ROOT, check=True)
        yield collector, server


def test_one_trace_from_the_batch_to_the_request(seen: tuple[TraceCollector, ChatServer]) -> None:
    collector, _ = seen
    assert len({span.trace_id for span in collector.spans}) == 1
    assert [span.name for span in collector.spans if not span.parent_id] == ["batch"]
    ids = {span.span_id: span for span in collector.spans}
    assert len(ids) == len(collector.spans)
    for span in collector.spans:
        if span.parent_id:
            outer = ids[span.parent_id]
            assert outer.start_ns <= span.start_ns <= span.end_ns <= outer.end_ns, collector.lineage(span)
    stages = [stage.name for stage in STAGES]
    lineages = {tuple(collector.lineage(span)) for span in collector.spans}
    request = ("batch", "understanding", "document", "chunk", f"chat {MODEL}")
    assert lineages == {
        ("batch",),
        request,
        *(("batch", stage) for stage in stages),
        *(("batch", stage, "document") for stage in stages),
        *(("batch", stage, "document", "chunk") for stage in stages if stage != "ocr"),
    }


def test_spans_say_document_and_stage(seen: tuple[TraceCollector, ChatServer]) -> None:
    collector, _ = seen
    for span in collector.named("document") + collector.named("chunk") + collector.named(f"chat {MODEL}"):
        assert span.attributes["docmill.stage"] == collector.lineage(span)[1]
        assert len(span.attributes["docmill.document.id"]) == 64
        assert span.attributes["docmill.document.name"] in {sample.name for sample in SAMPLES}


def test_the_server_is_told_the_spans_of_its_requests(seen: tuple[TraceCollector, ChatServer]) -> None:
    collector, server = seen
    spans = collector.named(f"chat {MODEL}")
    assert len(spans) == len(server.requests) > 2
    told = {f"00-{span.trace_id}-{span.span_id}-01" for span in spans}
    assert told == set(server.traceparents)
