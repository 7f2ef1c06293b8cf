"""Running ONNX files on the CPU."""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.engines.onnx_runtime import Engine, OnnxModel, resolve_engine

INSTALLED = importlib.util.find_spec("openvino") is not None
ENGINES = ["onnxruntime", pytest.param("openvino", marks=pytest.mark.skipif(not INSTALLED, reason="extra"))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A graph with outputs `sum` and `product`, in that order, for vectors of any length."""
    values = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None])
        for name in ("a", "b", "sum", "product")
    }
    graph = helper.make_graph(
        [helper.make_node("Mul", ["a", "b"], ["product"]), helper.make_node("Add", ["a", "b"], ["sum"])],
        "graph",
        [values["a"], values["b"]],
        [values["sum"], values["product"]],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"character": "x\ny"})
    file = tmp_path / "model.onnx"
    onnx.save(model, file)
    return file


@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_come_in_the_graphs_order(path: Path, engine: Engine) -> None:
    model = OnnxModel(path, engine=engine)
    for length in (3, 5):
        a, b = np.full(length, 4, np.float32), np.full(length, 8, np.float32)
        total, product = model.run({"a": a, "b": b})
        assert (total.tolist(), product.tolist()) == ([12.0] * length, [32.0] * length)
    assert model.inputs == ["a", "b"]
    assert model.metadata == {"character": "x\ny"}
    assert model.engine.startswith(f"{engine} ")


@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_are_not_overwritten_by_the_next_run(path: Path, engine: Engine) -> None:
    model = OnnxModel(path, engine=engine)
    ones, twos = np.ones(4, np.float32), np.full(4, 2, np.float32)
    first = model.run({"a": ones, "b": ones})[0]
    model.run({"a": twos, "b": twos})
    assert first.tolist() == [2.0] * 4


def test_a_used_model_pickles(path: Path) -> None:
    model = OnnxModel(path, threads=2, engine="onnxruntime", arena=False)
    ones = np.ones(2, np.float32)
    model.run({"a": ones, "b": ones})
    assert len(pickle.dumps(model)) < 1000
    copy = pickle.loads(pickle.dumps(model))
    assert copy.path == path
    assert copy.run({"a": ones, "b": ones})[0].tolist() == [2.0, 2.0]


def test_nothing_is_loaded_before_use(tmp_path: Path) -> None:
    model = OnnxModel(tmp_path / "absent.onnx")
    with pytest.raises(BackendConfigError, match=r"absent\.onnx"):
        model(np.ones(1, np.float32))


@pytest.mark.skipif(INSTALLED, reason="OpenVINO is installed")
def test_openvino_without_the_extra(path: Path) -> None:
    with pytest.raises(BackendConfigError, match="openvino"):
        OnnxModel(path, engine="openvino")
    assert resolve_engine("auto") == "onnxruntime"
    assert OnnxModel(path).engine.startswith("onnxruntime ")
