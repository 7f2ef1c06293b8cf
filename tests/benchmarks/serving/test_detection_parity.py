"""Two served layout models are compared by their detections."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.serving.detection_parity import Comparison, PageComparison, main, partners
from docmill.pipeline.convert.types import Box, Cluster
from tests.support.kserve_server import KServeServer, Model

SAMPLE = Path(__file__).parents[2] / "samples" / "financial_statement.pdf"


def region(label: str, left: float, score: float = 0.9, width: float = 100.0) -> Cluster:
    return Cluster(id=0, label=label, score=score, box=Box(left, 0.0, left + width, 50.0))


def test_partners_have_the_label_the_place_and_the_score() -> None:
    one = [region("text", 0), region("text", 200), region("table", 400), region("text", 600, 0.5)]
    other = [region("text", 201), region("text", 0.1), region("picture", 400), region("text", 600, 0.6)]
    assert partners(one, other, overlap=0.95, score=0.02) == [(one[0], other[1]), (one[1], other[0])]
    assert partners(one, other, overlap=0.99, score=0.02) == [(one[0], other[1])]
    assert partners(one, [], overlap=0.5, score=1.0) == []


def test_one_detection_has_one_partner_and_the_best() -> None:
    one, other = [region("text", 0), region("text", 1)], [region("text", 1)]
    assert partners(one, other, overlap=0.9, score=0.1) == [(one[1], other[0])]


def test_detections_of_either_model_alone_count() -> None:
    page = PageComparison("a.pdf", 1, reference=3, against=5, matched=3, box=0.0, score=0.0)
    assert Comparison((page,)).agreement == 6 / 8
    assert Comparison(()).agreement == 0.0


def served(shift: float = 0.0, score: float = 0.0, datatype: str = "FP32", count: int = 2) -> Model:
    """A model that finds `count` texts wherever it looks, and keeps heron's contract."""

    def answer(inputs: list[np.ndarray]) -> list[np.ndarray]:
        images, sizes = inputs
        assert images.shape == (1, 3, 640, 640) and images.max() == (255 if images.dtype == np.uint8 else 1.0)
        labels = np.full((1, 300), 9, np.int64)
        boxes = np.zeros((1, 300, 4), np.float32)
        scores = np.zeros((1, 300), np.float32)
        for i in range(count):
            boxes[0, i] = np.array([0.1, 0.2 * i, 0.9, 0.2 * i + 0.1]) * np.tile(sizes[0], 2) + shift
            scores[0, i] = 0.8 - 0.1 * i + score
        return [labels, boxes, scores]

    return Model(
        inputs=[("images", datatype), ("orig_target_sizes", "INT64")],
        outputs=[("labels", "INT64"), ("boxes", "FP32"), ("scores", "FP32")],
        answer=answer,
    )


@pytest.mark.parametrize(
    ("against", "status", "agreement"),
    [
        (served(datatype="UINT8"), 0, 1.0),
        (served(shift=0.1, score=0.01), 0, 1.0),
        (served(shift=20.0), 1, 0.0),
        (served(score=0.05), 1, 0.0),
        (served(count=3), 1, 0.8),
    ],
    ids=["bytes", "close", "elsewhere", "surer", "more"],
)
def test_the_exit_code_is_a_gate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], against: Model, status: int, agreement: float
) -> None:
    report = tmp_path / "report.json"
    with KServeServer({"fp32": served(), "other": against}) as server:
        places = ["--reference", f"fp32@{server.url}", "--against", f"other@{server.url}"]
        assert main([str(SAMPLE), *places, "--json", str(report)]) == status
    found = json.loads(report.read_text())
    assert found["agreement"] == pytest.approx(agreement)
    seen = sum(page["reference"] + page["against"] for page in found["pages"])
    assert f"{agreement:.4f} of {seen} detections have a partner" in capsys.readouterr().out


def test_nothing_to_compare_is_no_success() -> None:
    with KServeServer({"a": served(count=0), "b": served(count=0)}) as server:
        assert main([str(SAMPLE), "--reference", f"a@{server.url}", "--against", f"b@{server.url}"]) == 2


def test_a_model_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with KServeServer({"a": served()}) as server:
        assert main([str(SAMPLE), "--reference", f"a@{server.url}", "--against", f"fp16@{server.url}"]) == 2
        assert main([str(SAMPLE), "--reference", f"a@{server.url}", "--against", "fp16"]) == 2
    said = capsys.readouterr().out
    assert "fp16" in said and "MODEL@HOST:PORT" in said
