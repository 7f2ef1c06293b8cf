"""docmill beside a stock docling: what is counted, and the models that both ask."""

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.beside_docling import __main__ as command
from benchmarks.beside_docling.artifacts import write_artifacts
from benchmarks.beside_docling.costs import beside
from benchmarks.beside_docling.models import write_at_once, write_heron
from benchmarks.beside_docling.random_heron import HERON
from benchmarks.beside_docling.sides import Docmill, NotConvertedError, Side, Spent, spent
from benchmarks.material.corpus import CorpusFile
from docmill.pipeline.convert.layout.detectors.heron import LABELS, regions
from docmill.resources.local.triton.server import LocalServer
from docmill.resources.weights.served_digest import model_digest, written_digest
from tests.support.kserve_server import KServeServer, Model

#: Writes a document for each PDF but the last, after as much CPU as it is told.
CONVERTER = """
import json, sys, time
from pathlib import Path
out, cpu, left_out, *files = sys.argv[1:]
end = time.process_time() + float(cpu) * len(files)
while time.process_time() < end:
    pass
Path(out).mkdir(parents=True)
for file in files[: len(files) - int(left_out)]:
    (Path(out) / f"{Path(file).stem}.json").write_text("{}")
"""


@dataclass(frozen=True)
class Made:
    """A side that takes so much CPU a document."""

    name: str
    cpu_s: float
    left_out: int = 0

    def command(self, url: str, files: Sequence[Path], out: Path) -> list[str]:
        return [
            sys.executable,
            "-c",
            CONVERTER,
            str(out),
            str(self.cpu_s),
            str(self.left_out),
            *map(str, files),
        ]

    def variables(self, scratch: Path) -> dict[str, str]:
        return {"HOME": str(scratch)}


@pytest.fixture
def server() -> LocalServer:
    """What is looked at of a server: this process stands for it."""
    return cast(LocalServer, types.SimpleNamespace(url="localhost:1", pid=os.getpid()))


def test_a_page_is_what_many_take_more_than_few() -> None:
    few = {"docmill": [Spent(5, 4, 1)] * 3, "docling": [Spent(20, 30, 1)] * 3}
    ours = [Spent(7, 5, 11), Spent(9, 6, 11), Spent(7, 5, 11)]
    theirs = [Spent(24, 34, 11), Spent(24, 34, 11), Spent(28, 38, 11)]
    found = beside("m", "long", [51, 51], 2, few, {"docmill": ours, "docling": theirs})
    assert (found.documents, found.pages) == (2, 102)
    assert found.sides["docmill"].cpu_ms == pytest.approx(10)
    assert found.sides["docmill"].pages_per_s == pytest.approx(50)
    assert found.sides["docmill"].start_cpu_s == pytest.approx(3.98)
    assert found.sides["docling"].server_cpu_ms == pytest.approx(100)
    # of the rounds, in which both sides ran in turn
    assert found.cpu_ratios == pytest.approx([0.25, 0.5, 0.125])
    assert found.cpu_ratio == pytest.approx(0.25)
    assert found.speed_ratio == pytest.approx(2)
    assert found.command_cpu_ratio == pytest.approx(5 / 38, abs=0.05)


def test_both_sides_are_measured_in_turn_on_the_same_files(tmp_path: Path, server: LocalServer) -> None:
    sides = cast("tuple[Side, Side]", (Made("docmill", 0.05), Made("docling", 0.2)))
    found = {each.corpus: each for each in command.measure("m", sides, server, tmp_path, 8, 4, 1)}
    assert {name: (each.documents, each.pages) for name, each in found.items()} == {
        "of one page": (8, 8),
        "long": (2, 8),
    }
    assert found["of one page"].cpu_ratio == pytest.approx(0.25, abs=0.1)
    assert found["of one page"].sides["docling"].cpu_ms == pytest.approx(200, rel=0.3)


def test_a_side_that_leaves_a_document_out_is_not_measured(tmp_path: Path, server: LocalServer) -> None:
    files = [CorpusFile(tmp_path / f"{name}.pdf", 1) for name in ("one", "two")]
    with pytest.raises(NotConvertedError, match=r"docling left out two\.pdf"):
        spent(Made("docling", 0, left_out=1), server, files, tmp_path / "run")


def test_docmill_asks_the_server_about_every_page(tmp_path: Path, server: LocalServer) -> None:
    """The whole command, against a server that finds one text on each page."""
    boxes = np.zeros((300, 4), np.float32)
    asked = []

    def answer(inputs: list[np.ndarray]) -> list[np.ndarray]:
        asked.append(len(inputs[0]))
        count = len(inputs[0])
        sizes = inputs[1].astype(np.float32)
        found = np.tile(boxes, (count, 1, 1))
        found[:, 0, 2:] = sizes
        scores = np.zeros((count, 300), np.float32)
        scores[:, 0] = 0.9
        return [np.full((count, 300), LABELS.index("text"), np.int64), found, scores]

    contract = Model(
        inputs=[("images", "FP32"), ("orig_target_sizes", "INT64")],
        outputs=[("labels", "INT64"), ("boxes", "FP32"), ("scores", "FP32")],
        answer=answer,
        max_batch=64,
    )
    files = command._corpora(tmp_path / "corpora", 3, 3)["long"]
    with KServeServer({HERON: contract}) as kserve:
        here = cast(LocalServer, types.SimpleNamespace(url=kserve.url, pid=server.pid))
        cost = spent(Docmill(1), here, files, tmp_path / "run")
    assert sum(asked) == 3
    assert cost.cpu_s > 0.5
    [made] = (tmp_path / "run" / "out").glob("*.json")
    assert len(json.loads(made.read_text())["pages"]) == 3


def test_the_model_that_answers_at_once_keeps_the_contract(tmp_path: Path) -> None:
    write_at_once(tmp_path)
    model = tmp_path / HERON
    assert 'backend: "python"' in (model / "config.pbtxt").read_text()
    assert written_digest(model) == model_digest(model)
    answered = _answered(model, np.array([[600, 800], [300, 400]], np.int64))
    labels, boxes, scores = (answered[name] for name in ("labels", "boxes", "scores"))
    assert (labels.shape, boxes.shape, scores.shape) == ((2, 300), (2, 300, 4), (2, 300))
    first, second = (
        regions(labels[at], boxes[at], scores[at], size, size)
        for at, size in enumerate([(600, 800), (300, 400)])
    )
    assert len(first) == len(second) == 14
    assert {each.label for each in first} == {"section_header", "text"}
    assert first[1].box.t == pytest.approx(2 * second[1].box.t)
    assert max(each.box.b for each in first) < 800


def _answered(model: Path, sizes: np.ndarray) -> dict[str, np.ndarray]:
    """What a model in Python answers, beside a stand-in for the module that Triton gives it."""

    class Tensor:
        def __init__(self, name: str, array: np.ndarray) -> None:
            self.name, self.array = name, array

        def as_numpy(self) -> np.ndarray:
            return self.array

    utils: Any = types.ModuleType("triton_python_backend_utils")
    utils.Tensor, utils.InferenceResponse = Tensor, list
    utils.get_input_tensor_by_name = lambda request, name: Tensor(name, request[name])
    sys.modules[utils.__name__] = utils
    try:
        names: dict[str, Any] = {}
        exec((model / "1" / "model.py").read_text(), names)
        [response] = names["TritonPythonModel"]().execute([{"orig_target_sizes": sizes}])
    finally:
        del sys.modules[utils.__name__]
    return {tensor.name: tensor.array for tensor in response}


def test_herons_tables_become_text_and_nothing_else_changes(tmp_path: Path) -> None:
    """A graph that answers labels 0 to 16, whatever it is given."""
    outputs = {"labels": np.arange(17)[None], "boxes": np.zeros((1, 17, 4), np.float32)}
    nodes = [helper.make_node("Identity", [f"{name}_made"], [name]) for name in outputs]
    graph = helper.make_graph(
        nodes,
        "heron",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3])],
        [
            helper.make_tensor_value_info("labels", TensorProto.INT64, [1, 17]),
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 17, 4]),
        ],
        [numpy_helper.from_array(value, f"{name}_made") for name, value in outputs.items()],
    )
    version = tmp_path / "made" / HERON / "1"
    version.mkdir(parents=True)
    made = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(made, version / "model.onnx")
    write_heron(tmp_path / "served", tmp_path / "made")
    path = tmp_path / "served" / HERON / "1" / "model.onnx"
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path)
    labels = session.run(["labels"], {"images": np.zeros((1, 3), np.float32)})[0][0].tolist()
    text = LABELS.index("text")
    expected = [text if LABELS[label] in ("table", "document_index") else label for label in range(17)]
    assert labels == expected
    assert written_digest(tmp_path / "served" / HERON)


def test_docling_reads_herons_labels(tmp_path: Path) -> None:
    write_artifacts(tmp_path)
    config = json.loads((tmp_path / HERON / "config.json").read_text())
    assert [config["id2label"][str(number)] for number in range(17)] == list(LABELS)
    assert json.loads((tmp_path / HERON / "preprocessor_config.json").read_text())["size"]["height"] == 640
