"""Which part of a detector is put into half precision, and what comes of it."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, shape_inference

from docmill.resources.weights.onnx_graphs.half_precision import float_values, halved, in_half
from tests.support.small_detector import CHOICE, FEATURES, small_detector


def names(model: onnx.ModelProto) -> set[str]:
    return {model.graph.node[place].name for place in in_half(model)}


def types(model: onnx.ModelProto) -> dict[str, int]:
    graph = shape_inference.infer_shapes(model, strict_mode=True).graph
    values = (*graph.input, *graph.output, *graph.value_info)
    return {value.name: value.type.tensor_type.elem_type for value in values}


def run(model: onnx.ModelProto) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    feed = {
        "images": random.random((2, 3, 640, 640), np.float32),
        "orig_target_sizes": np.array([[612, 792], [595, 842]], np.int64),
    }
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    answers: list[np.ndarray] = session.run(None, feed)
    return answers


def test_features_are_halved_and_what_chooses_and_refines_is_not() -> None:
    assert names(small_detector()) == set(FEATURES)
    assert not names(small_detector()) & set(CHOICE)


def test_a_normalisation_among_features_stays_in_single_precision() -> None:
    model = halved(small_detector())
    found = types(model)
    assert found["norm"] == TensorProto.FLOAT
    assert {found[name] for name in FEATURES} == {TensorProto.FLOAT16}


def test_inputs_and_outputs_are_what_they_were() -> None:
    model, changed = small_detector(), halved(small_detector())
    assert list(changed.graph.input) == list(model.graph.input)
    assert list(changed.graph.output) == list(model.graph.output)


def test_there_is_one_cast_for_each_value_that_crosses() -> None:
    def casts(model: onnx.ModelProto) -> int:
        return sum(node.op_type == "Cast" for node in model.graph.node)

    # pictures, before and after the normalisation, before the projection
    assert casts(halved(small_detector())) == casts(small_detector()) + 4


def test_weights_of_features_are_halved_and_no_others() -> None:
    weights = {tensor.name: tensor.data_type for tensor in halved(small_detector()).graph.initializer}
    assert weights["w1_in_half"] == weights["w2_in_half"] == TensorProto.FLOAT16
    assert weights["w3"] == weights["w4"] == weights["gain"] == TensorProto.FLOAT
    assert "w1" not in weights


def test_it_finds_nearly_the_same() -> None:
    model = small_detector()
    (labels, boxes, scores), (_, near_boxes, near_scores) = run(model), run(halved(model))
    assert labels.shape == (2, 300) and boxes.shape == (2, 300, 4)
    assert 0 < np.abs(scores - near_scores).max() < 0.02
    assert np.isfinite(near_boxes).all()


def test_sizes_of_features_do_not_count_as_what_is_in_them() -> None:
    model = small_detector()
    count = helper.make_node("Shape", ["second_active"], ["how_large"], name="how_large")
    single = helper.make_node("Cast", ["how_large"], ["as_float"], name="as_float", to=TensorProto.FLOAT)
    nodes = list(model.graph.node)
    at = [node.name for node in nodes].index("projection")
    del model.graph.node[:]
    model.graph.node.extend([*nodes[:at], count, single, *nodes[at:]])
    assert names(model) == set(FEATURES)
    onnx.checker.check_model(halved(model), full_check=True)


def test_a_graph_without_convolutions_is_refused() -> None:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "none",
        [value("x", TensorProto.FLOAT, ["N"])],
        [value("y", TensorProto.FLOAT, ["N"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    assert float_values(model) == {"x", "y"}
    with pytest.raises(ValueError, match="no features"):
        halved(model)
