"""Proof that tensors reach a server's models and come back: a model so small that its answer is known.

A server whose Python backend does not fit its NumPy is ready by every health check, reads inputs as zeros and
sends outputs without bytes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from docmill.pipeline.convert.errors import BackendError
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.local.triton.errors import CanaryError

__all__ = ["CANARY", "check_canary", "write_canary"]

CANARY = "docmill_canary"
_CONFIG = f"""name: "{CANARY}"
backend: "onnxruntime"
max_batch_size: 8
input [ {{ name: "x" data_type: TYPE_FP32 dims: [ 4 ] }} ]
output [ {{ name: "y" data_type: TYPE_FP32 dims: [ 4 ] }} ]
"""
_FACTOR, _OFFSET = 2.0, 1.0
_DEADLINE_S = 10.0


def write_canary(repository: Path) -> None:
    """Make `repository` a model repository with the canary in it: y = 2 x + 1."""
    folder = repository / CANARY / "1"
    folder.mkdir(parents=True, exist_ok=True)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in "xy"]
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "a"], ["ax"]), helper.make_node("Add", ["ax", "b"], ["y"])],
        CANARY,
        values[:1],
        values[1:],
        [
            helper.make_tensor("a", TensorProto.FLOAT, [], [_FACTOR]),
            helper.make_tensor("b", TensorProto.FLOAT, [], [_OFFSET]),
        ],
    )
    # versions that every server since 2022 reads
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 13)])
    onnx.save(model, folder / "model.onnx")
    (repository / CANARY / "config.pbtxt").write_text(_CONFIG)


def check_canary(url: str) -> None:
    """Send the canary's request to the server at `url` (gRPC).

    Raises `CanaryError` unless the answer is the known one.
    """
    sent = np.array([[1.0, -2.0, 3.5, 40.0]], np.float32)
    try:
        [answer] = TritonModel(_server(url), CANARY).infer([sent])
    except BackendError as error:
        raise CanaryError(f"the server at {url} fails its canary request: {error}") from error
    if not np.array_equal(answer, sent * _FACTOR + _OFFSET):
        raise CanaryError(
            f"the server at {url} is ready and its answers are wrong: sent {sent.tolist()}, got "
            f"{answer.tolist()}. Its Python environment has packages it cannot work with, such as NumPy 2: "
            "remove it and run `docmill triton setup`"
        )


def _server(url: str) -> TritonServer:
    """As patient as it takes until a connection that was refused before is tried again."""
    return TritonServer(url, _DEADLINE_S, patience_s=_DEADLINE_S, shared_memory="off", recover="off")
