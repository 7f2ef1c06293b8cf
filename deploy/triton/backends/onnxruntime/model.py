"""Triton's `onnxruntime` backend for a server that lacks it: the same configuration, run through Python.

Only the local server uses this. Triton's own containers have the native backend, which reads the same model
repository. Settings it shares with that one: the parameters `intra_op_thread_count` and
`inter_op_thread_count`, 0 for as many as there are cores; `$DOCMILL_TRITON_THREADS` is the default of the
former. An instance on a GPU runs there where onnxruntime is a build for CUDA, and on the CPU otherwise. Other
accelerators are ignored. Requests are joined on a GPU, and on a CPU where the parameter `join_requests` is
`true`. With `use_tf32` a GPU takes half the time and no longer finds quite what a CPU finds:
docs/triton-figures.md.

Each model has one more output than its graph: see `model_repository/shared/docmill_account.py`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils
from docmill_account import ACCOUNT, Books, add_account, asked_for, step_of
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

TYPES = {
    "tensor(bool)": "TYPE_BOOL",
    "tensor(double)": "TYPE_FP64",
    "tensor(float)": "TYPE_FP32",
    "tensor(float16)": "TYPE_FP16",
    "tensor(int8)": "TYPE_INT8",
    "tensor(int16)": "TYPE_INT16",
    "tensor(int32)": "TYPE_INT32",
    "tensor(int64)": "TYPE_INT64",
    "tensor(string)": "TYPE_STRING",
    "tensor(uint8)": "TYPE_UINT8",
    "tensor(uint16)": "TYPE_UINT16",
    "tensor(uint32)": "TYPE_UINT32",
    "tensor(uint64)": "TYPE_UINT64",
}
#: What the native backend takes when neither a batch size nor tensors are configured.
DEFAULT_BATCH = 4
#: Larger ones run as several. On an H100 a page of heron takes 7.0 ms in a batch of 8 and 6.4 in one of 57,
#: whose session keeps eight times the memory.
LARGEST_BATCH = 16
ERRORS_ONLY = 3
CUDA = "CUDAExecutionProvider"
#: An exhaustive search for convolutions, the default, takes two seconds for each batch size.
CUDA_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}


class TritonPythonModel:
    """One instance of one ONNX model."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """Check the configuration against the graph, and fill in what it leaves out."""
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        graph = load(path_of_this_process(), options)
        given = config.as_dict()
        name, batch = given["name"], given["max_batch_size"]
        tensors = [*graph.get_inputs(), *graph.get_outputs()]
        batches = all(tensor.shape and not isinstance(tensor.shape[0], int) for tensor in tensors)
        if batch and not batches:
            raise ValueError(
                f"model {name}: max_batch_size is {batch} but the graph's first dimension is fixed"
            )
        if not batch and not given["input"] and not given["output"] and batches:
            batch = DEFAULT_BATCH
            config.set_max_batch_size(batch)
            config.set_dynamic_batching()
        complete(name, "input", given["input"], graph.get_inputs(), batch, config.add_input)
        outputs = [tensor for tensor in given["output"] if tensor["name"] != ACCOUNT]
        complete(name, "output", outputs, graph.get_outputs(), batch, config.add_output)
        add_account(config)
        return config

    def initialize(self, args: Mapping[str, str]) -> None:
        """Load the graph."""
        config = json.loads(args["model_config"])
        settings = {key: value["string_value"] for key, value in config.get("parameters", {}).items()}
        options = onnxruntime.SessionOptions()
        threads = settings.get("intra_op_thread_count") or os.environ.get("DOCMILL_TRITON_THREADS") or "0"
        options.intra_op_num_threads = int(threads)
        options.inter_op_num_threads = int(settings.get("inter_op_thread_count") or "1")
        # idle threads must not burn the CPU that other models and the workers need
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        version = Path(args["model_repository"]) / args["model_version"]
        graph = version / (config.get("default_model_filename") or "model.onnx")
        self.name = config["name"]
        self.inputs = [tensor["name"] for tensor in config["input"]]
        self.outputs = [tensor["name"] for tensor in config["output"] if tensor["name"] != ACCOUNT]
        self.batches = bool(config["max_batch_size"])
        self.books = Books()
        gpu = int(args["model_instance_device_id"] or 0) if args["model_instance_kind"] == "GPU" else None
        tf32 = settings.get("use_tf32") == "true"
        self.session = load(graph, options, gpu, tf32)
        on_gpu = self.session.get_providers()[0] == CUDA
        pb_utils.Logger.log_info(f"{self.name} runs on {f'GPU {gpu}' if on_gpu else 'the CPU'}")
        self.joins = on_gpu or settings.get("join_requests") == "true"
        #: One that is given another shape than the last plans its convolutions anew, a quarter of a second
        #: for heron. So each batch size has its own where the other dimensions are fixed.
        self.sessions: dict[int, onnxruntime.InferenceSession] = {}
        fixed = all(int(size) > 0 for tensor in config["input"] for size in tensor["dims"])
        if self.joins and fixed:
            for size in batch_sizes(min(config["max_batch_size"], LARGEST_BATCH)):
                self.sessions[size] = load(graph, options, gpu, tf32) if self.sessions else self.session
            self.warm_up(config["input"])

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Run what Triton has put together: on a GPU as one batch, else one request after another.

        A CPU gains nothing from joining them: with one thread a page of layout_cdla takes 68 ms alone and
        87 ms in a batch of four, whose tensors no longer fit the caches; one of heron 1.1 s either way.
        """
        feeds = [
            {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in self.inputs}
            for request in requests
        ]
        if self.joins and len(requests) > 1:
            try:
                return self.joined(requests, feeds)
            except Exception as error:  # noqa: BLE001 - each request gets the answer that is its own
                count = len(requests)
                pb_utils.Logger.log_warn(f"{self.name} runs {count} requests one after another: {error}")
        return [self.answer(request, feed) for request, feed in zip(requests, feeds, strict=True)]

    def warm_up(self, inputs: Sequence[Mapping[str, Any]]) -> None:
        """Run each batch size once, on zeros, since a session takes long over the first."""
        began = time.monotonic()
        for size in self.sessions:
            zeros = {
                tensor["name"]: np.zeros(
                    (size, *map(int, tensor["dims"])), pb_utils.triton_string_to_numpy(tensor["data_type"])
                )
                for tensor in inputs
            }
            self.run(zeros)
        taken = time.monotonic() - began
        pb_utils.Logger.log_info(f"{self.name} is warm after {taken:.1f} s: batches of {list(self.sessions)}")

    def joined(self, requests: Sequence[Any], feeds: Sequence[Mapping[str, np.ndarray]]) -> list[Any]:
        """The responses to requests that run as one batch."""
        began = time.perf_counter()
        whole = {name: np.concatenate([feed[name] for feed in feeds]) for name in self.inputs}
        sizes = [len(feed[self.inputs[0]]) for feed in feeds]
        parts = [np.split(array, np.cumsum(sizes)[:-1]) for array in self.run(whole)]
        each = self.books.took(began, sum(sizes))
        return [
            self.response(request, arrays, self.books.account(step_of(request), size, each))
            for request, arrays, size in zip(requests, zip(*parts, strict=True), sizes, strict=True)
        ]

    def run(self, feed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """The graph's outputs, by way of batches that have sessions."""
        if not self.sessions:
            return list(self.session.run(self.outputs, feed))
        count, most = len(feed[self.inputs[0]]), max(self.sessions)
        parts = []
        for start in range(0, count, most):
            items = min(most, count - start)
            size = next(size for size in self.sessions if size >= items)
            padded = {name: filled_up(array[start : start + items], size) for name, array in feed.items()}
            parts.append([array[:items] for array in self.sessions[size].run(self.outputs, padded)])
        return [np.concatenate(output) for output in zip(*parts, strict=True)] if parts[1:] else parts[0]

    def answer(self, request: Any, feed: Mapping[str, np.ndarray]) -> Any:
        """The response to one request, whatever comes of it."""
        began = time.perf_counter()
        try:
            arrays = self.run(feed)
            items = len(feed[self.inputs[0]]) if self.batches else 1
            account = self.books.account(step_of(request), items, self.books.took(began, items))
            return self.response(request, arrays, account if self.batches else account[0])
        except Exception as error:  # noqa: BLE001 - whatever the runtime raises is the answer
            return failure(error)

    def response(self, request: Any, arrays: Sequence[np.ndarray], account: np.ndarray) -> Any:
        """The outputs that the request asked for."""
        outputs = dict(zip([*self.outputs, ACCOUNT], [*arrays, account], strict=True))
        return pb_utils.InferenceResponse(
            output_tensors=[
                pb_utils.Tensor(name, np.ascontiguousarray(array))
                for name, array in asked_for(request, outputs)
            ]
        )


def batch_sizes(most: int) -> list[int]:
    """The powers of two up to `most`, and `most`."""
    return sorted({2**exponent for exponent in range(most.bit_length())} | {most} - {0})


def filled_up(array: np.ndarray, size: int) -> np.ndarray:
    """The array with its last item repeated, up to so many."""
    missing = size - len(array)
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array


def path_of_this_process() -> Path:
    """The graph, when Triton names no folder: its stub gets the file's path as first argument."""
    return Path(Path("/proc/self/cmdline").read_bytes().split(b"\0")[1].decode())


def load(
    path: Path, options: onnxruntime.SessionOptions, device: int | None = None, tf32: bool = False
) -> onnxruntime.InferenceSession:
    """The graph on that GPU, where this build of onnxruntime can use one; without a number on the CPU."""
    options.log_severity_level = ERRORS_ONLY
    providers: list[Any] = ["CPUExecutionProvider"]
    if device is not None and CUDA in onnxruntime.get_available_providers():
        providers.insert(0, (CUDA, {"device_id": device, "use_tf32": str(int(tf32)), **CUDA_OPTIONS}))
    return onnxruntime.InferenceSession(str(path), options, providers=providers)


def complete(
    model: str, kind: str, given: Sequence[Mapping[str, Any]], actual: Sequence[Any], batch: int, add: Any
) -> None:
    """Check the tensors that are configured, or add those of the graph when none are."""
    found = {}
    for tensor in actual:
        dims = [size if isinstance(size, int) else -1 for size in tensor.shape]
        found[tensor.name] = (TYPES[tensor.type], dims[1:] if batch else dims)
    for tensor in given:
        name = tensor["name"]
        if name not in found:
            raise ValueError(f"model {model}: the graph has no {kind} {name!r}; it has {', '.join(found)}")
        datatype = found[name][0]
        if tensor["data_type"] != datatype:
            raise ValueError(f"model {model}: {kind} {name!r} is {datatype}, not {tensor['data_type']}")
    if not given:
        for name, (datatype, dims) in found.items():
            add({"name": name, "data_type": datatype, "dims": dims})


def failure(error: Exception) -> Any:
    """The error, as the client's fault if the runtime says that the inputs are wrong."""
    wrong_input = isinstance(error, InvalidArgument)
    code = pb_utils.TritonError.INVALID_ARG if wrong_input else pb_utils.TritonError.INTERNAL
    return pb_utils.InferenceResponse(output_tensors=[], error=pb_utils.TritonError(str(error), code))
