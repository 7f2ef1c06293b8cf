"""TableFormer as it is served, with graphs so small that a table takes milliseconds."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from docmill.pipeline.convert.tables.tableformer import tableformer
from docmill.resources.local.triton.places import shipped
from docmill.resources.weights.served_code import put_shared_code

__all__ = ["small_tableformer"]

Shapes = dict[str, list[str | int]]

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
#: Tags of each table, none of which ends it.
MAX_TAGS = 12
#: Layers of the encoder: some 15 ms on one thread.
LAYERS = 4
CELL = tableformer.TAGS.index("fcel")
WIDTH, PIXELS = 512, 784
#: What is kept of a picture, of its tags, and both as the step has them in.
PICTURE: Shapes = {"picture_k": ["N", 8, 64, PIXELS], "picture_v": ["N", 8, PIXELS, 64]}
PAST: Shapes = {"past_k": ["N", 8, "T", 64], "past_v": ["N", 8, "T", 64]}
MEMORY: Shapes = {"features": ["N", PIXELS, WIDTH], "keys": ["N", PIXELS, WIDTH], "gate": ["N", WIDTH]}


def small_tableformer(folder: Path) -> Path:
    """Write the model to a folder of that name, without a repository around it."""
    shutil.copytree(
        shipped().models / "tableformer",
        folder,
        ignore=shutil.ignore_patterns("*.onnx", "*.source", "__pycache__"),
    )
    put_shared_code(shipped().models, folder / "1")
    with (folder / "config.pbtxt").open("a") as config:
        config.write(f'parameters {{ key: "max_tags" value {{ string_value: "{MAX_TAGS}" }} }}\n')
    for name, graph in (("encoder", encoder()), ("step", step()), ("boxes", boxes())):
        model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, folder / "1" / f"{name}.onnx")
    return folder


def encoder() -> onnx.GraphProto:
    weights = {
        "patches": noise(32, 3, 16, 16),
        "widen": noise(32, WIDTH),
        "mix": noise(WIDTH, WIDTH),
        "as_k": np.array([0, 8, 64, PIXELS]),
        "as_v": np.array([0, PIXELS, 8, 64]),
        "rows": np.array([0, 32, PIXELS]),
    }
    nodes = [
        helper.make_node("Conv", ["images", "patches"], ["map"], strides=[16, 16]),
        helper.make_node("Reshape", ["map", "rows"], ["channels"]),
        helper.make_node("Transpose", ["channels"], ["pixels"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["pixels", "widen"], ["mixed0"]),
    ]
    for layer in range(LAYERS):
        nodes += [
            helper.make_node("MatMul", [f"mixed{layer}", "mix"], [f"product{layer}"]),
            helper.make_node("Tanh", [f"product{layer}"], [f"mixed{layer + 1}"]),
        ]
    nodes += [
        helper.make_node("Identity", [f"mixed{LAYERS}"], ["features"]),
        helper.make_node("Identity", ["features"], ["keys"]),
        helper.make_node("ReduceMean", ["features"], ["gate"], axes=[1], keepdims=0),
        helper.make_node("Transpose", ["features"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("Reshape", ["turned", "as_k"], ["picture_k"]),
        helper.make_node("Reshape", ["features", "as_v"], ["heads"]),
        helper.make_node("Transpose", ["heads"], ["picture_v"], perm=[0, 2, 1, 3]),
    ]
    return graph(nodes, weights, {"images": ["N", 3, 448, 448]}, {**MEMORY, **PICTURE})


def step() -> onnx.GraphProto:
    """Each tag is followed by another cell."""
    following = np.zeros((len(tableformer.TAGS), len(tableformer.TAGS)), np.float32)
    following[:, CELL] = 1.0
    nodes = [
        helper.make_node("Gather", ["following", "tags"], ["logits"]),
        helper.make_node("Gather", ["states", "tags"], ["hidden"]),
        *(helper.make_node("Identity", [name], [f"new_{name}"]) for name in PAST),
    ]
    weights = {"following": following, "states": noise(len(tableformer.TAGS), WIDTH)}
    return graph(
        nodes,
        weights,
        {"tags": ["N"], "position": [1], **PICTURE, **PAST},
        {
            "logits": ["N", len(tableformer.TAGS)],
            "hidden": ["N", WIDTH],
            **{f"new_{name}": shape for name, shape in PAST.items()},
        },
    )


def boxes() -> onnx.GraphProto:
    weights = {"sides": noise(WIDTH, 4), "kinds": noise(WIDTH, 3)}
    nodes = [
        helper.make_node("MatMul", ["hidden", "sides"], ["placed"]),
        helper.make_node("Sigmoid", ["placed"], ["boxes"]),
        helper.make_node("MatMul", ["hidden", "kinds"], ["classes"]),
    ]
    given: Shapes = {**MEMORY, "hidden": ["C", WIDTH]}
    return graph(nodes, weights, given, {"boxes": ["C", 4], "classes": ["C", 3]})


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.05, shape).astype(np.float32)


def graph(
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    inputs: Shapes,
    outputs: Shapes,
) -> onnx.GraphProto:
    kinds = {"tags": INT64, "position": INT64}
    values = [
        [helper.make_tensor_value_info(name, kinds.get(name, FLOAT), shape) for name, shape in some.items()]
        for some in (inputs, outputs)
    ]
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    return helper.make_graph(nodes, "small", *values, tensors)
