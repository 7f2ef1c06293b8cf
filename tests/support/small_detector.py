"""A graph under heron's contract, small enough for any test: features, a choice, a refinement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["CHOICE", "FEATURES", "small_detector"]

#: Nodes that look for features, and may be in half precision.
FEATURES = ("first", "first_active", "norm_in", "norm_out", "second", "second_active")
#: The projection of features and what chooses and refines.
CHOICE = ("projection", "flat", "turned", "score", "best", "label", "query", "boxes", "chosen", "refined")
_QUERIES, _LABELS, _CHANNELS, _CELLS = 300, 17, 8, 80


def small_detector(path: Path | None = None, seed: int = 0) -> onnx.ModelProto:
    """Pictures [N, 3, 640, 640] in 0..1 and sizes to 300 labels, boxes and scores; written to `path`."""
    random = np.random.default_rng(seed)

    def weights(name: str, *shape: int, scale: float = 1.0) -> onnx.TensorProto:
        return numpy_helper.from_array((random.normal(0, scale, shape)).astype(np.float32), name)

    constants = [
        weights("w1", _CHANNELS, 3, 8, 8, scale=0.1),
        weights("w2", _CHANNELS, _CHANNELS, 3, 3, scale=0.2),
        weights("w3", _CHANNELS, _CHANNELS, 1, 1, scale=0.5),
        weights("w4", _CHANNELS, _LABELS, scale=0.5),
        weights("w5", _CHANNELS, 4, scale=0.5),
        weights("gain", _CELLS),
        weights("bias", _CELLS),
        numpy_helper.from_array(np.array([0, _CHANNELS, -1], np.int64), "flat_shape"),
        numpy_helper.from_array(np.array([0, -1], np.int64), "row"),
        numpy_helper.from_array(np.array([_QUERIES], np.int64), "count"),
        numpy_helper.from_array(np.array(_LABELS, np.int64), "labels_count"),
        numpy_helper.from_array(np.array([2], np.int64), "last"),
        numpy_helper.from_array(np.array([1, 1, 4], np.int64), "four"),
        numpy_helper.from_array(np.array([1], np.int64), "middle"),
        numpy_helper.from_array(np.array([1, 1, 2], np.int64), "twice"),
        numpy_helper.from_array(np.array([-2.0, -2.0, 2.0, 2.0], np.float32), "spread"),
    ]
    nodes: list[tuple[str, str, list[str], dict[str, Any]]] = [
        ("Conv", "first", ["images", "w1"], {"strides": [8, 8]}),
        ("Relu", "first_active", ["first"], {}),
        ("Identity", "norm_in", ["first_active"], {}),
        ("LayerNormalization", "norm", ["norm_in", "gain", "bias"], {"axis": -1}),
        ("Identity", "norm_out", ["norm"], {}),
        ("Conv", "second", ["norm_out", "w2"], {"pads": [1, 1, 1, 1]}),
        ("Relu", "second_active", ["second"], {}),
        ("Conv", "projection", ["second_active", "w3"], {}),
        ("Reshape", "flat", ["projection", "flat_shape"], {}),
        ("Transpose", "turned", ["flat"], {"perm": [0, 2, 1]}),
        ("MatMul", "logits", ["turned", "w4"], {}),
        ("Sigmoid", "score", ["logits"], {}),
        ("Reshape", "row_scores", ["score", "row"], {}),
        ("TopK", "best", ["row_scores", "count"], {}),
        ("Mod", "label", ["places", "labels_count"], {}),
        ("Div", "query", ["places", "labels_count"], {}),
        ("MatMul", "offsets", ["turned", "w5"], {}),
        ("Add", "moved", ["offsets", "spread"], {}),
        ("Sigmoid", "boxes_of_all", ["moved"], {}),
        ("Unsqueeze", "query_column", ["query", "last"], {}),
        ("Tile", "query_columns", ["query_column", "four"], {}),
        ("GatherElements", "chosen", ["boxes_of_all", "query_columns"], {"axis": 1}),
        ("Cast", "sizes_float", ["orig_target_sizes"], {"to": TensorProto.FLOAT}),
        ("Unsqueeze", "sizes_row", ["sizes_float", "middle"], {}),
        ("Tile", "sides", ["sizes_row", "twice"], {}),
        ("Mul", "boxes", ["chosen", "sides"], {}),
        ("Identity", "labels", ["label"], {}),
        ("Identity", "scores", ["best_scores"], {}),
    ]
    outputs = {"best": ["best_scores", "places"]}
    made = [
        helper.make_node(operator, inputs, outputs.get(name, [name]), name=name, **attributes)
        for operator, name, inputs, attributes in nodes
    ]
    graph = helper.make_graph(
        made,
        "small_detector",
        [
            helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, 640, 640]),
            helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, ["N", 2]),
        ],
        [
            helper.make_tensor_value_info("labels", TensorProto.INT64, ["N", _QUERIES]),
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", _QUERIES, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", _QUERIES]),
        ],
        constants,
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model, full_check=True)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)
    return model
