"""Puts the part of a detector that looks for features into half precision, and leaves what chooses as it is.

RT-DETR takes the best 300 of 8,400 places on to its decoder, which refines their boxes by small steps.
Rounded scores choose other places. Its graph says by itself where features end: after them there is no
convolution. So what lies between the first convolution and the last ones is in half precision; the last ones,
which project features for the choice, and all after them are in single. Softmax and normalisations stay in
single precision too.

The types are the graph's own: whatever runs it has no choice. TensorRT takes it as a strongly typed network;
names of layers, as in its weakly typed ones, reach nothing that its parser adds.
"""

from __future__ import annotations

from collections.abc import Iterator

import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

__all__ = ["float_values", "halved", "in_half"]

_FEATURES = "Conv"
#: What sums many values up, or raises them to powers: little work, and most of the error.
_SINGLE = frozenset(
    {"Softmax", "LayerNormalization", "InstanceNormalization", "ReduceSum", "ReduceMean", "Pow"}
)
#: They hand on how large a tensor is, and nothing of what is in it.
_SIZES = frozenset({"Shape", "Size"})
#: Inputs that are single precision whatever the others are, by operator: sizes and factors.
_ALWAYS_SINGLE = {"Resize": (1, 2), "Upsample": (1,)}
_HALF, _WHOLE = "_in_half", "_in_single"


def in_half(model: onnx.ModelProto) -> set[int]:
    """The nodes, by their place in the graph, that compute on floats between features' first and last.

    Empty where a graph has no two convolutions after each other.
    """
    graph, floats = model.graph, float_values(model)
    readers: dict[str, list[int]] = {}
    for place, node in enumerate(graph.node):
        for name in node.input:
            readers.setdefault(name, []).append(place)
    after: set[int] = set()  # a convolution comes before
    before: set[int] = set()  # a convolution comes after
    makers = {name: place for place, node in enumerate(graph.node) for name in node.output}
    for place, node in enumerate(graph.node):  # a graph's nodes are in the order in which they run
        sources = (makers[name] for name in node.input if name in makers)
        if node.op_type not in _SIZES and any(
            source in after or graph.node[source].op_type == _FEATURES for source in sources
        ):
            after.add(place)
    for place in range(len(graph.node) - 1, -1, -1):
        following = {reader for name in graph.node[place].output for reader in readers.get(name, ())}
        following = {reader for reader in following if graph.node[reader].op_type not in _SIZES}
        if any(reader in before or graph.node[reader].op_type == _FEATURES for reader in following):
            before.add(place)
    return {
        place
        for place, node in enumerate(graph.node)
        if place in before
        and (place in after or node.op_type == _FEATURES)
        and node.op_type not in _SINGLE
        and any(name in floats for name in node.output)
        and any(name in floats for name in _own(node))
    }


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy with those nodes in FP16, checked by ONNX's own checker; inputs and outputs are what they were.

    Raises `ValueError` where there are none.
    """
    places = in_half(model)
    if not places:
        raise ValueError("the graph has no features between convolutions: it is no detector of this kind")
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    _Halving(changed, float_values(model), places).apply()
    del changed.graph.value_info[:]
    onnx.checker.check_model(changed, full_check=True)
    return changed


def float_values(model: onnx.ModelProto) -> set[str]:
    """The names of all values in single precision, as ONNX infers them."""
    graph = shape_inference.infer_shapes(model, strict_mode=True).graph
    found = {tensor.name for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT}
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            found.add(value.name)
    return found


class _Halving:
    """One rewriting: between the two precisions there is one cast for each value."""

    def __init__(self, model: onnx.ModelProto, floats: set[str], places: set[int]) -> None:
        self._graph, self._floats, self._places = model.graph, floats, places
        self._weights = {tensor.name: tensor for tensor in model.graph.initializer}
        self._made = {name for place in places for name in model.graph.node[place].output if name in floats}
        #: Values that exist in their other precision too.
        self._cast: set[str] = set()

    def apply(self) -> None:
        """Change the graph."""
        outputs = {output.name for output in self._graph.output}
        if outputs & self._made:
            raise ValueError("an output would be in half precision")
        nodes: list[onnx.NodeProto] = []
        for place, node in enumerate(self._graph.node):
            nodes += self._half(node) if place in self._places else self._single(node)
            nodes.append(node)
        read = {name for node in nodes for name in node.input}
        kept = [tensor for tensor in self._graph.initializer if tensor.name in read]
        del self._graph.node[:], self._graph.initializer[:]
        self._graph.node.extend(nodes)
        self._graph.initializer.extend(kept)

    def _half(self, node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
        own = set(_own(node))
        for index, name in enumerate(node.input):
            if name not in self._floats or name not in own or name in self._made:
                continue
            node.input[index] = name + _HALF
            if name not in self._cast:
                self._cast.add(name)
                if name in self._weights:
                    values = numpy_helper.to_array(self._weights[name]).astype("float16")
                    self._graph.initializer.append(numpy_helper.from_array(values, name + _HALF))
                else:
                    yield _to(TensorProto.FLOAT16, name, name + _HALF)
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to":
                attribute.i = TensorProto.FLOAT16

    def _single(self, node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
        for index, name in enumerate(node.input):
            if name not in self._made or node.op_type in _SIZES:
                continue
            node.input[index] = name + _WHOLE
            if name not in self._cast:
                self._cast.add(name)
                yield _to(TensorProto.FLOAT, name, name + _WHOLE)


def _own(node: onnx.NodeProto) -> list[str]:
    """The inputs whose precision is the node's."""
    always = _ALWAYS_SINGLE.get(node.op_type, ())
    return [name for index, name in enumerate(node.input) if index not in always]


def _to(kind: int, name: str, into: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [name], [into], name=into, to=kind)
