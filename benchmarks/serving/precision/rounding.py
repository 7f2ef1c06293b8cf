"""A graph that rounds as a GPU would at a lower precision, and runs on any CPU.

What tensor cores do is multiply rounded numbers and add the products up in single precision. So the operands
of products are rounded, for half precisions also every value that is written to memory. The order of sums is
the CPU's: a GPU's answers are not these to the last bit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from docmill.resources.weights.onnx_graphs.half_precision import float_values

__all__ = ["KINDS", "Kind", "rounded"]

Kind = Literal["TF32", "BF16", "FP16"]
#: Rounds operands of products alone: values are written in single precision.
_OPERANDS_ALONE = "TF32"
KINDS: tuple[Kind, ...] = ("TF32", "BF16", "FP16")
_TYPES = {"BF16": TensorProto.BFLOAT16, "FP16": TensorProto.FLOAT16}
_PRODUCTS = frozenset({"Conv", "Einsum", "Gemm", "MatMul"})
#: They hand values on, which are rounded already.
_MOVES = frozenset({"Concat", "Constant", "Expand", "Gather", "GatherElements", "Identity", "Reshape"}) | {
    *("Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze", "Where"),
}
#: To split a number into its first 11 bits and the others, as Veltkamp does.
_SPLITTER = np.float32(2**13 + 1)
_SPLITTER_NAME = "tf32_splitter"


def rounded(model: onnx.ModelProto, kind: Kind, places: Collection[int]) -> onnx.ModelProto:
    """A copy in which the nodes at these places compute at that precision."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph, floats = changed.graph, float_values(model)
    done: set[str] = set()
    nodes: list[onnx.NodeProto] = []
    for place, node in enumerate(graph.node):
        own = node.op_type not in _MOVES and place in places
        if own and node.op_type in _PRODUCTS:
            nodes += _operands(node, kind, floats, done)
        nodes.append(node)
        if own and kind != _OPERANDS_ALONE:
            nodes += _results(node, kind, floats)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.append(numpy_helper.from_array(_SPLITTER, _SPLITTER_NAME))
    onnx.checker.check_model(changed)
    return changed


def _operands(
    node: onnx.NodeProto, kind: Kind, floats: Collection[str], done: set[str]
) -> Iterator[onnx.NodeProto]:
    # of a convolution the third is what is added
    for index, name in enumerate(node.input[:2]):
        if name in floats:
            node.input[index] = f"{name}_rounded"
            if name not in done:
                done.add(name)
                yield from _round(name, f"{name}_rounded", kind)


def _results(node: onnx.NodeProto, kind: Kind, floats: Collection[str]) -> Iterator[onnx.NodeProto]:
    for index, name in enumerate(node.output):
        if name in floats:
            node.output[index] = f"{name}_exact"
            yield from _round(f"{name}_exact", name, kind)


def _round(name: str, into: str, kind: Kind) -> Iterator[onnx.NodeProto]:
    if kind == _OPERANDS_ALONE:
        yield helper.make_node("Mul", [name, _SPLITTER_NAME], [f"{into}_times"])
        yield helper.make_node("Sub", [f"{into}_times", name], [f"{into}_rest"])
        yield helper.make_node("Sub", [f"{into}_times", f"{into}_rest"], [into])
        return
    yield helper.make_node("Cast", [name], [f"{into}_short"], to=_TYPES[kind])
    yield helper.make_node("Cast", [f"{into}_short"], [into], to=TensorProto.FLOAT)
