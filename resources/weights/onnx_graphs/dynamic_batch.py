"""Rewrites an ONNX graph that takes one item at a time into one that takes any number of them.

Paddle exports PicoDet with a batch of one. Nothing in the graph mixes items: only the declared shapes, and
`Reshape` nodes whose target begins with 1, hold the number.
"""

from __future__ import annotations

import onnx
from onnx import numpy_helper

__all__ = ["with_dynamic_batch"]

_BATCH = "N"


def with_dynamic_batch(data: bytes) -> bytes:
    """The serialised model with its first dimension set free, checked by ONNX's own checker.

    A target of `Reshape` that begins with 1 is made to begin with 0, which copies the input's dimension.
    Raises `ValueError` when an input or output does not begin with 1, or a `Reshape` has no constant target
    or allows no 0 in it.
    """
    model = onnx.load_model_from_string(data)
    graph = model.graph
    for value in (*graph.input, *graph.output):
        dims = value.type.tensor_type.shape.dim
        if not dims or dims[0].dim_value != 1:
            raise ValueError(f"{value.name} does not begin with a dimension of 1")
        dims[0].dim_param = _BATCH
    constants = _constants(graph)
    for node in graph.node:
        if node.op_type == "Reshape":
            _free(node, constants)
    del graph.value_info[:]  # inferred shapes of the batch of one
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _constants(graph: onnx.GraphProto) -> dict[str, onnx.TensorProto]:
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            tensors.update((node.output[0], a.t) for a in node.attribute if a.name == "value")
    return tensors


def _free(reshape: onnx.NodeProto, constants: dict[str, onnx.TensorProto]) -> None:
    target = constants.get(reshape.input[1])
    if target is None or any(a.name == "allowzero" and a.i for a in reshape.attribute):
        raise ValueError(f"the target of {reshape.name or 'a Reshape'} cannot be changed")
    shape = numpy_helper.to_array(target).copy()
    if shape.size and shape[0] == 1:
        shape[0] = 0
        target.CopyFrom(numpy_helper.from_array(shape, target.name))
