"""heron's exported graph in half precision, and the gate that a TensorRT engine of it has to pass.

No engine is built here: graphs stand in for one, on the real server. Weights are random.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import onnx
import pytest

from benchmarks.beside_docling.random_heron import HERON
from benchmarks.serving.precision.rounding import rounded
from benchmarks.serving.tensorrt import __main__ as command
from benchmarks.serving.tensorrt.engine import Batches, builder_command
from docmill.resources.local.triton.repository import servable
from docmill.resources.weights.onnx_graphs.half_precision import halved, in_half
from docmill.resources.weights.served_digest import written_digest
from tests.acceptance.heron_checkpoints import copy, repository

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

BYTES = f"{HERON}-uint8"
SAMPLE = Path(__file__).parents[1] / "samples" / "financial_statement.pdf"


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    return onnx.load(repository() / BYTES / "1" / "model.onnx")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A repository of one's own with the model in it."""
    copy(repository() / BYTES, tmp_path / "models" / BYTES)
    return tmp_path / "models"


def parts(graph: onnx.ModelProto, places: set[int]) -> Counter[str]:
    """The modules of transformers' model that nodes are of, by the names that torch gives them."""
    found = (re.match(r"/model/model/([a-z_]+)", graph.graph.node[place].name) for place in places)
    return Counter(match[1] for match in found if match)


def test_backbone_and_encoder_are_halved_and_nothing_that_chooses_or_refines(graph: onnx.ModelProto) -> None:
    places = in_half(graph)
    assert set(parts(graph, places)) == {"backbone", "encoder", "encoder_input_proj"}
    work = {
        place
        for place, node in enumerate(graph.graph.node)
        if node.op_type in ("Conv", "MatMul", "Gemm", "GridSample", "TopK", "LayerNormalization", "Softmax")
    }
    single = parts(graph, work - places)
    assert {"decoder", "decoder_input_proj", "enc_output", "enc_bbox_head", "enc_score_head"} <= set(single)
    assert single["backbone"] == single["encoder_input_proj"] == 0
    assert single["encoder"] == 3  # two normalisations and a softmax
    convolutions = [place for place in work if graph.graph.node[place].op_type == "Conv"]
    assert len(convolutions) - sum(place in places for place in convolutions) == 3


def test_weights_of_features_take_half_as_much(graph: onnx.ModelProto) -> None:
    assert halved(graph).ByteSize() < 0.65 * graph.ByteSize()


def test_the_builder_is_told_the_real_inputs(graph: onnx.ModelProto) -> None:
    where = Path("typed.onnx"), Path("model.plan")
    said = builder_command(graph, *where, "fp16", Batches(), Path("trtexec"), Path("cache"))
    assert "--optShapes=images:16x3x640x640,orig_target_sizes:16x2" in said


def test_what_finds_the_same_passes_and_a_rehearsal_leaves_nothing(models: Path, tmp_path: Path) -> None:
    before = sorted(models.rglob("*"))
    itself, found = models / BYTES / "1" / "model.onnx", tmp_path / "found.json"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / SAMPLE.name).symlink_to(SAMPLE)
    arguments = [
        str(tmp_path / "mine"),
        "--repository",
        str(models),
        "--model",
        BYTES,
        "--rehearse",
        str(itself),
    ]
    assert command.main([*arguments, "--json", str(found)]) == 0
    assert json.loads(found.read_text())["agreement"] == 1.0
    assert sorted(models.rglob("*")) == before


def test_what_rounds_everything_is_refused(graph: onnx.ModelProto, models: Path, tmp_path: Path) -> None:
    broken, found = tmp_path / "broken.onnx", tmp_path / "found.json"
    onnx.save(rounded(graph, "FP16", range(len(graph.graph.node))), broken)
    before = sorted(models.rglob("*"))
    arguments = [str(SAMPLE), "--repository", str(models), "--model", BYTES, "--rehearse", str(broken)]
    assert command.main([*arguments, "--json", str(found)]) == 1
    report = json.loads(found.read_text())
    assert report["agreement"] < 0.99 and sum(page["reference"] for page in report["pages"]) > 0
    assert sorted(models.rglob("*")) == before


def test_the_graph_in_fp16_comes_in_by_the_gate_alone(models: Path) -> None:
    name = f"{BYTES}-fp16"
    before = sorted(models.rglob("*"))
    arguments = [str(SAMPLE), "--repository", str(models), "--model", BYTES, "--engine", "onnxruntime"]
    assert command.main(arguments) == 1  # random weights blow small differences up
    assert sorted(models.rglob("*")) == before
    assert command.main([*arguments, "--least", "0.01"]) == 0
    assert name in servable(models) and written_digest(models / name)
    made = json.loads((models / name / "1" / "model.source").read_text())
    assert (made["engine"], made["precision"], made["least"]) == ("onnxruntime", "fp16", 0.01)
