"""The rounding of lower precisions, imitated in a graph, beside NumPy's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.serving.precision.__main__ import main
from benchmarks.serving.precision.graphs import precisions
from benchmarks.serving.precision.rounding import KINDS, Kind, rounded
from tests.support.small_detector import small_detector

SAMPLE = Path(__file__).parents[3] / "samples" / "financial_statement.pdf"
VALUES = np.array([1 + 2**-9, 1 + 2**-12, 3.14159265, -1e-3, 65519.0], np.float32)


def product(by: float) -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["p"]), helper.make_node("Add", ["p", "zero"], ["y"])],
        "product",
        [value("x", TensorProto.FLOAT, ["N", 1])],
        [value("y", TensorProto.FLOAT, ["N", 1])],
        [
            numpy_helper.from_array(np.array([[by]], np.float32), "w"),
            numpy_helper.from_array(np.array([0], np.float32), "zero"),
        ],
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


def run(model: onnx.ModelProto, values: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    answer: np.ndarray = session.run(None, {"x": values[:, None].astype(np.float32)})[0]
    return answer[:, 0]


def kept(values: np.ndarray, bits: int) -> np.ndarray:
    """Rounded to so many bits of mantissa, to the nearest, ties to even."""
    fractions, exponents = np.frexp(values.astype(np.float64))
    short: np.ndarray = np.ldexp(np.round(fractions * 2**bits) / 2**bits, exponents).astype(np.float32)
    return short


@pytest.mark.parametrize(("kind", "bits"), [("TF32", 11), ("BF16", 8), ("FP16", 11)])
def test_operands_of_products_are_rounded(kind: Kind, bits: int) -> None:
    found = run(rounded(product(1.0), kind, {0}), VALUES)
    assert np.array_equal(found, kept(VALUES, bits))


def test_tf32_writes_results_as_they_are() -> None:
    exact = kept(VALUES, 11).astype(np.float64) * np.float64(kept(np.array([1.1], np.float32), 11)[0])
    assert np.allclose(run(rounded(product(1.1), "TF32", {0, 1}), VALUES), exact, rtol=1e-7)


def test_fp16_rounds_results_and_ends_where_it_ends() -> None:
    found = run(rounded(product(1.1), "FP16", {0, 1}), VALUES)
    with np.errstate(over="ignore"):
        expected = (kept(VALUES, 11) * np.float32(np.float16(1.1))).astype(np.float16).astype(np.float32)
    assert np.array_equal(found, expected)
    assert np.isinf(found[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_other_nodes_are_left_alone(kind: Kind) -> None:
    assert np.array_equal(run(rounded(product(1.0), kind, set()), VALUES), VALUES)


def test_features_alone_are_rounded_or_everything() -> None:
    model = small_detector()
    for name, precision in precisions().items():
        changed = precision.make(model)
        casts_scores = any("score_exact" in node.output for node in changed.graph.node)
        assert casts_scores == (name in ("BF16 everywhere", "FP16 everywhere"))


def test_the_command_says_what_passes(tmp_path: Path) -> None:
    small_detector(tmp_path / "model" / "1" / "model.onnx")
    written = tmp_path / "found.json"
    arguments = [str(SAMPLE), "--graph", str(tmp_path / "model" / "1" / "model.onnx"), "--pages", "1"]
    assert main([*arguments, "--json", str(written)]) == 0
    report = json.loads(written.read_text())
    found = {each["precision"]: each for each in report["precisions"]}
    assert report["random_weights"] is False and report["pages"] == 1
    assert set(found) == set(precisions())
    assert all(each["detections"] > 100 for each in found.values())
    assert all(each["passed"] == (each["agreement"] >= 0.99) for each in found.values())
    assert found["FP16 features"]["agreement"] > found["BF16 everywhere"]["agreement"]
    assert found["FP16 graph: features in FP16"]["itself"] and not found["FP16 features"]["itself"]
