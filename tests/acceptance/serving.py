"""A real Triton server for tests: made once, with the embedded models and stand-ins for docling's."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tritonclient.grpc import InferenceServerClient

from docmill.resources.clients.triton.told import ACCOUNT
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.triton.environment import Environment, prepare_environment
from docmill.resources.local.triton.places import TritonHome, shipped
from docmill.resources.local.triton.repository import EMBEDDED_SERVED, install_embedded
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from docmill.resources.weights.embedded_weights import ModelCache
from tests.support.model_cache import weights

ROOT = Path(__file__).parents[2]
HERON = "docling-project--docling-layout-heron"
#: The layout detector with a queue for one request.
NARROW = "narrow"
JOINED = "joined"

_TABLEFORMER = """
import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(r) for r in requests]

    def answer(self, request):
        count = len(pb_utils.get_input_tensor_by_name(request, "images").as_numpy())
        outputs = {
            "tag_ids": np.tile(np.array([2, 10, 9, 3, 0], np.int32), (count, 1)),
            "tag_len": np.full(count, 4, np.int32),
            "boxes": np.tile(np.array([[0, 0, 1, 1]], np.float32), (count, 1, 1)),
            "box_len": np.full(count, 1, np.int32),
            "classes": np.full((count, 1), 2, np.int32),
        }
        return pb_utils.InferenceResponse([pb_utils.Tensor(*item) for item in outputs.items()])
"""


@functools.cache
def home() -> TritonHome:
    """Kept from run to run: the environment takes a minute and half a gigabyte."""
    return TritonHome(Path(os.environ.get("DOCMILL_HOME") or ROOT / ".docmill") / "triton")


@functools.cache
def environment() -> Environment:
    """The server's environment; skips the test where it cannot be made."""
    try:
        return prepare_environment(home(), shipped())
    except EnvironmentSetupError as error:
        pytest.skip(str(error))


def make_repository(folder: Path) -> Path:
    """All models of the project: the embedded ones with their weights, docling's with stand-ins."""
    for model in EMBEDDED_SERVED:
        weights(model.weights)
    install_embedded(folder, shipped().models, ModelCache(weights("layout").parent))
    _heron(folder / HERON / "1")
    version = folder / "tableformer" / "1"
    version.mkdir()
    (version / "model.py").write_text(_TABLEFORMER)
    for name in ("encoder.onnx", "step.onnx", "boxes.onnx"):
        (version / name).touch()
    for copy in (NARROW, JOINED):
        shutil.copytree(folder / "layout_cdla", folder / copy)
        _change(folder / copy / "config.pbtxt", "layout_cdla", copy)
    _change(folder / NARROW / "config.pbtxt", r"max_batch_size: \d+", "max_batch_size: 1")
    _change(folder / NARROW / "config.pbtxt", r"preferred_batch_size: .*", "")
    _change(folder / NARROW / "config.pbtxt", r"max_queue_size: \d+", "max_queue_size: 1")
    _change(folder / JOINED / "config.pbtxt", r"max_batch_size: \d+", "max_batch_size: 32")
    with (folder / JOINED / "config.pbtxt").open("a") as config:
        config.write('parameters { key: "join_requests" value { string_value: "true" } }\n')
    return folder


def server(repository: Path, *models: str, **settings: Any) -> LocalServer:
    """A server that listens at ports of its own and computes on one thread."""
    given: dict[str, Any] = {"ports": Ports(0, 0, 0), "threads": 1, "exit_limit_s": 5} | settings
    return LocalServer(ServerSettings(repository, models, **given), environment(), home())


def statistics(url: str, model: str) -> Any:
    """What the server has counted for a model."""
    with InferenceServerClient(url) as client:
        return client.get_inference_statistics(model).model_stats[0]


def http_infer(url: str, model: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """One request with binary tensors over HTTP; raises `urllib.error.HTTPError`."""
    types = {"f": "FP32", "i": "INT64", "u": "UINT8"}
    header = json.dumps(
        {
            "inputs": [
                {
                    "name": name,
                    "shape": list(array.shape),
                    "datatype": types[array.dtype.kind],
                    "parameters": {"binary_data_size": array.nbytes},
                }
                for name, array in inputs.items()
            ],
            "parameters": {"binary_data_output": True},
        }
    ).encode()
    request = urllib.request.Request(
        f"{url}/v2/models/{model}/infer",
        data=header + b"".join(array.tobytes() for array in inputs.values()),
        headers={
            "Inference-Header-Content-Length": str(len(header)),
            # what urllib would say, a form, makes this server parse the tensors as one, and crash
            "Content-Type": "application/octet-stream",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        body, size = answer.read(), int(answer.headers["Inference-Header-Content-Length"])
    arrays, start = {}, size
    for output in json.loads(body[:size])["outputs"]:
        end = start + output["parameters"]["binary_data_size"]
        dtype = {"FP32": np.float32, "FP64": np.float64, "INT64": np.int64, "INT32": np.int32}[
            output["datatype"]
        ]
        if output["name"] != ACCOUNT:  # who asks for nothing by name gets all there is
            arrays[output["name"]] = np.frombuffer(body[start:end], dtype).reshape(output["shape"])
        start = end
    return arrays


def stubs(pid: int, model: str) -> list[int]:
    """The processes in which a server's Python backends run a model."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            command = (process / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if parent == pid and f"/{model}/".encode() in command:
            found.append(int(process.name))
    return found


def _heron(folder: Path) -> None:
    """One table over the whole picture, as sure as the brightest pixel; keeps heron's contract."""
    folder.mkdir()
    inputs = [
        helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, 640, 640]),
        helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, ["N", 2]),
    ]
    outputs = [
        helper.make_tensor_value_info("labels", TensorProto.INT64, ["N", 300]),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", 300, 4]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 300]),
    ]
    first = np.zeros((1, 300), np.float32)
    first[0, 0] = 1.0
    constants = {
        "first": first,
        "many": np.array([1, 300, 1], np.int64),
        "one": np.array([1], np.int64),
        "table": np.array([8], np.int64),
        "nothing": np.array([0], np.float32),
    }
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["brightest"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["brightest", "one"], ["column"]),
        helper.make_node("Mul", ["column", "first"], ["scores"]),
        helper.make_node("Cast", ["orig_target_sizes"], ["far"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["far", "nothing"], ["near"]),
        helper.make_node("Concat", ["near", "far"], ["box"], axis=1),
        helper.make_node("Unsqueeze", ["box", "one"], ["boxed"]),
        helper.make_node("Expand", ["boxed", "many"], ["boxes"]),
        helper.make_node("Shape", ["scores"], ["shape"]),
        helper.make_node("Expand", ["table", "shape"], ["labels"]),
    ]
    tensors = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "heron", inputs, outputs, tensors)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, folder / "model.onnx")


def _change(path: Path, pattern: str, replacement: str) -> None:
    path.write_text(re.sub(pattern, replacement, path.read_text()))
