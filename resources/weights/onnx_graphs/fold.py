"""Rewrites an ONNX graph into an equal one that runs faster on a CPU.

Paddle exports hard-swish, `x * clip(x + 3, 0, 6) / 6`, as four elementwise nodes, each of which reads and
writes the whole activation. ONNX has the function as one operator since opset 14, and both ONNX Runtime and
OpenVINO then fuse it into the convolution before it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

__all__ = ["fold_file", "fold_hard_swish"]


def fold_hard_swish(model: onnx.ModelProto) -> int:
    """Fold every hard-swish chain of `model` (opset 13 or later) in place; returns how many there were.

    Only exact matches are folded: constants 3, 0, 6 and 6, and no reader of the values in between.
    Raises `ValueError` for an older opset.
    """
    _raise_opset(model)
    graph = model.graph
    producers = {output: node for node in graph.node for output in node.output}
    constants = _scalar_constants(graph)
    readers: dict[str, int] = {}
    for node in graph.node:
        for name in node.input:
            readers[name] = readers.get(name, 0) + 1
    for output in graph.output:
        readers[output.name] = readers.get(output.name, 0) + 1

    replaced: dict[str, onnx.NodeProto] = {}
    dropped: set[str] = set()
    for node in graph.node:
        chain = _hard_swish(node, producers, constants)
        if chain is None:
            continue
        source, inner = chain
        if any(readers.get(name, 0) != 1 for name in inner):
            continue
        replaced[node.output[0]] = helper.make_node("HardSwish", [source], [node.output[0]])
        dropped.update(inner)

    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        name = node.output[0] if node.output else ""
        if name in replaced:
            nodes.append(replaced[name])
        elif name not in dropped:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    return len(replaced)


def fold_file(data: bytes) -> bytes:
    """The serialised model `data` with its hard-swish chains folded and checked by ONNX's own checker."""
    model = onnx.load_model_from_string(data)
    fold_hard_swish(model)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _raise_opset(model: onnx.ModelProto) -> None:
    """Declare opset 14. What it changed of 13's operators is additive, so the nodes stay as they are."""
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx"):
            if opset.version < 13:
                raise ValueError(f"opset {opset.version} is too old to fold")
            opset.version = max(opset.version, 14)


def _scalar_constants(graph: onnx.GraphProto) -> dict[str, float]:
    """Every initializer and `Constant` node that holds a single number, by name."""
    tensors: dict[str, onnx.TensorProto] = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            tensors.update((node.output[0], a.t) for a in node.attribute if a.name == "value")
    arrays: dict[str, NDArray[np.generic]] = {
        name: numpy_helper.to_array(tensor)
        for name, tensor in tensors.items()
        if int(np.prod(tensor.dims, dtype=np.int64)) == 1
    }
    return {name: float(array.reshape(-1)[0]) for name, array in arrays.items()}


def _hard_swish(
    div: onnx.NodeProto, producers: Mapping[str, onnx.NodeProto], constants: Mapping[str, float]
) -> tuple[str, list[str]] | None:
    """`(x, inner values)` if `div` ends `x * clip(x + 3, 0, 6) / 6`, else None."""
    if div.op_type != "Div" or constants.get(div.input[1]) != 6.0:
        return None
    mul = producers.get(div.input[0])
    if mul is None or mul.op_type != "Mul":
        return None
    for source, gated in (tuple(mul.input), tuple(mul.input)[::-1]):
        clip = producers.get(gated)
        if clip is None or clip.op_type != "Clip" or len(clip.input) != 3:
            continue
        if (constants.get(clip.input[1]), constants.get(clip.input[2])) != (0.0, 6.0):
            continue
        add = producers.get(clip.input[0])
        if add is None or add.op_type != "Add" or source not in add.input:
            continue
        other = add.input[1] if add.input[0] == source else add.input[0]
        if constants.get(other) == 3.0:
            return source, [add.output[0], clip.output[0], mul.output[0]]
    return None
