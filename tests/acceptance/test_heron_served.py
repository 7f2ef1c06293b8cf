"""heron's architecture, exported from random weights, on a real Triton server: what transformers finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmarks.serving import detection_parity
from docmill.pipeline.cli.convert_files import ConvertOptions, convert_files
from docmill.pipeline.convert.layout.detectors import heron
from docmill.pipeline.convert.pdf.drawn_page import drawn_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Cluster, PageLayout
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.local.kserve_server import KServeServer
from docmill.resources.local.triton.server import LocalServer
from tests.acceptance.heron_checkpoints import ROOT, reference, repository
from tests.acceptance.serving import HERON, http_infer, server, statistics
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

BYTES = f"{HERON}-uint8"
#: Of what docling keeps.
LEAST_SCORE = 0.3
SAMPLE = ROOT / "tests" / "samples" / "financial_statement.pdf"


@pytest.fixture(scope="module")
def triton() -> Iterator[LocalServer]:
    with server(repository(), HERON, BYTES, threads=2) as running:
        yield running


def assert_like_transformers(labels: np.ndarray, boxes: np.ndarray, scores: np.ndarray, rows: slice) -> None:
    """What docling would see, one to one: labels equal, boxes within 1e-4 of the side, scores within 1e-4."""
    expected = reference("full")
    for i, row in enumerate(range(*rows.indices(len(expected["sizes"])))):
        side, free = expected["sizes"][row].max(), list(range(300))
        seen = np.flatnonzero(expected["scores"][row] > LEAST_SCORE)
        assert len(seen) > 0
        for at in seen:
            partner = next(
                j
                for j in free
                if labels[i, j] == expected["labels"][row, at]
                and abs(scores[i, j] - expected["scores"][row, at]) <= 1e-4
                and np.abs(boxes[i, j] - expected["boxes"][row, at]).max() <= 1e-4 * side
            )
            free.remove(partner)
        assert scores[i, free].max() <= LEAST_SCORE + 1e-4


def inputs(model: str, rows: slice) -> list[np.ndarray]:
    images = reference("full")["images"][rows]
    if model == HERON:
        images = images.astype(np.float32) / np.float32(255)
    return [np.ascontiguousarray(images), reference("full")["sizes"][rows]]


def grpc(triton: KServeServer[Any], name: str) -> TritonModel:
    return TritonModel(TritonServer(triton.url, 120.0, 0), name, "", inputs=2, outputs=3)


@pytest.mark.parametrize("name", [HERON, BYTES])
def test_over_grpc_in_batches_and_alone(triton: LocalServer, name: str) -> None:
    model = grpc(triton, name)
    count = len(reference("full")["sizes"])
    together = model.infer(inputs(name, slice(0, count)), page=1)
    assert [output.shape for output in together] == [(count, 300), (count, 300, 4), (count, 300)]
    labels, boxes, scores = together
    assert_like_transformers(labels, boxes, scores, slice(0, count))
    labels, boxes, scores = model.infer(inputs(name, slice(1, 2)), page=1)
    assert_like_transformers(labels, boxes, scores, slice(1, 2))


def test_over_http(triton: LocalServer) -> None:
    images, sizes = inputs(HERON, slice(0, 1))
    answer = http_infer(triton.http_url, HERON, images=images, orig_target_sizes=sizes)
    assert_like_transformers(answer["labels"], answer["boxes"], answer["scores"], slice(0, 1))


def test_requests_of_many_clients_are_joined(triton: LocalServer) -> None:
    count = len(reference("full")["sizes"])
    models = [grpc(triton, BYTES) for _ in range(count)]
    before = {
        stats.batch_size: stats.compute_infer.count for stats in statistics(triton.url, BYTES).batch_stats
    }
    with ThreadPoolExecutor(count) as threads:
        rows = [slice(i % count, i % count + 1) for i in range(2 * count)]
        answers = list(
            threads.map(lambda i: models[i % count].infer(inputs(BYTES, rows[i]), page=1), range(2 * count))
        )
    for row, (labels, boxes, scores) in zip(rows, answers, strict=True):
        assert_like_transformers(labels, boxes, scores, row)
    after = {
        stats.batch_size: stats.compute_infer.count for stats in statistics(triton.url, BYTES).batch_stats
    }
    assert any(after[size] > before.get(size, 0) for size in after if size > 1)


def test_both_models_find_the_same_by_the_benchmark(
    triton: LocalServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    status = detection_parity.main(
        [
            *(str(SAMPLE), "--reference", f"{HERON}@{triton.url}", "--against", f"{BYTES}@{triton.url}"),
            *("--least", "1.0", "--json", str(report)),
        ]
    )
    assert status == 0, capsys.readouterr().out
    found = json.loads(report.read_text())
    assert found["agreement"] == 1.0 and found["box"] < 1e-5
    assert sum(page["matched"] for page in found["pages"]) > 0


@dataclass(frozen=True)
class Options(ConvertOptions):
    """The command's options, and which of heron's models to ask."""

    model: str = HERON

    def run_config(self) -> dict[str, Any]:
        config = super().run_config()
        config["resources"]["layout"]["config"]["backend"]["triton"]["model"] = self.model
        return config


@pytest.mark.parametrize("name", [HERON, BYTES])
def test_a_conversion_has_the_models_regions(
    triton: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("tables").parent))
    weights("layout")
    before = statistics(triton.url, name).inference_count
    options = Options(
        places=[str(SAMPLE)],
        out=str(tmp_path / "out"),
        stages={"format": "json", "layout": "triton", "triton_url": triton.url, "ocr": "off"},
        jobs=1,
        model=name,
    )
    [record] = convert_files(options, Console(file=StringIO())).records
    assert record.status == "converted"
    assert statistics(triton.url, name).inference_count == before + len(record.pages) > before
    [artifact] = (tmp_path / "store" / "documents").glob("*/*/layout/*.json.zst")
    fingerprint = artifact.name.removesuffix(".json.zst")
    artifacts = ArtifactStore(DocumentStore(str(tmp_path / "store")))
    for _, page in artifacts.pages(artifact.parents[1].name, "layout", fingerprint, PageLayout):
        assert page.detections and page.detections == regions(triton, name, page.number)


def regions(triton: LocalServer, name: str, number: int) -> list[Cluster]:
    """What the model finds on a page of the sample, asked directly."""
    with Pdf.open(SAMPLE) as pdf:
        page, picture = drawn_page(pdf, number, heron.SCALE)
    return detection_parity.ServedDetector(f"{name}@{triton.url}").detect(picture, page)
