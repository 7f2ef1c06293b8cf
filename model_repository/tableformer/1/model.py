"""Triton's side of TableFormer: requests in, one batch of tables through the loop, answers out.

Parameters of `config.pbtxt`: `engine` is `onnxruntime` (`encoder.onnx`, `step.onnx` and `boxes.onnx` lie
beside this file) or `torch` (`tableformer.safetensors`, and the parameter `variant`); `device` is `auto`,
`cpu` or `cuda`; `max_tags` ends tables that do not end by themselves; `intra_op_thread_count` is the number
of threads on the CPU, by default `$DOCMILL_TRITON_THREADS`, 0 for as many as there are cores.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from docmill_account import ACCOUNT, Books, add_account, asked_for, step_of
from table_decoding.control import MAX_TAGS
from table_decoding.loop import Engine, Table, decode

PICTURE = (3, 448, 448)
OUTPUTS = ("tag_ids", "tag_len", "boxes", "box_len", "classes", ACCOUNT)


class TritonPythonModel:
    """One instance of the model."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """Say that there is an account of each table."""
        add_account(config)
        return config

    def initialize(self, args: Mapping[str, str]) -> None:
        """Load the weights."""
        self.books = Books()
        config = json.loads(args["model_config"])
        settings = {key: value["string_value"] for key, value in config.get("parameters", {}).items()}
        self.max_tags = min(MAX_TAGS, int(settings.get("max_tags") or MAX_TAGS))
        folder = Path(args["model_repository"]) / args["model_version"]
        on_gpu = args["model_instance_kind"] == "GPU"
        self.engine = make_engine(folder, settings, on_gpu, int(args["model_instance_device_id"] or 0))
        pb_utils.Logger.log_info(f"tableformer runs on {describe(self.engine)}")

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answer what Triton has put together: all good requests as one batch."""
        began = time.perf_counter()
        responses: list[Any] = [None] * len(requests)
        pictures: dict[int, np.ndarray] = {}
        for index, request in enumerate(requests):
            given = pb_utils.get_input_tensor_by_name(request, "images").as_numpy()
            reason = fault(given)
            if reason:
                responses[index] = failure(reason, pb_utils.TritonError.INVALID_ARG)
            else:
                pictures[index] = given
        found = self.tables(list(pictures.values())) if pictures else []
        # long tables and short ones count alike
        done = sum(len(tables) for tables in found if not isinstance(tables, Exception))
        each = self.books.took(began, done)
        for index, tables in zip(pictures, found, strict=True):
            if isinstance(tables, Exception):
                responses[index] = failure(str(tables), pb_utils.TritonError.INTERNAL)
            else:
                account = self.books.account(step_of(requests[index]), len(tables), each)
                responses[index] = answer(requests[index], tables, account)
        return responses

    def tables(self, pictures: Sequence[np.ndarray]) -> list[list[Table] | Exception]:
        """The tables of each request, decoded together; one by one when that fails, as for want of memory."""
        try:
            found = iter(decode(self.engine, np.concatenate(pictures), self.max_tags))
        except Exception as error:  # noqa: BLE001 - whatever the runtime raises is the answer
            if len(pictures) == 1:
                return [error]
            return [answer for own in pictures for answer in self.tables([own])]
        return [[next(found) for _ in own] for own in pictures]


def make_engine(folder: Path, settings: Mapping[str, str], on_gpu: bool, number: int) -> Engine:
    """What computes, as the parameters say. Its packages are imported only when it is chosen."""
    kind = settings.get("engine") or "onnxruntime"
    device = settings.get("device") or "auto"
    threads = int(settings.get("intra_op_thread_count") or os.environ.get("DOCMILL_TRITON_THREADS") or "0")
    if kind == "torch":
        import torch
        from table_decoding.torch_engine import TorchEngine

        if threads:
            torch.set_num_threads(threads)
        device = chosen(device, on_gpu, torch.cuda.is_available())
        variant = settings.get("variant") or "accurate"
        return TorchEngine(folder / "tableformer.safetensors", variant, device, number)
    if kind != "onnxruntime":
        raise ValueError(f"the parameter engine is {kind!r}; it can be onnxruntime or torch")
    # before the import, or it looks its maker's server up and writes to the user's cache
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime
    from table_decoding.onnx_engine import OnnxEngine

    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    return OnnxEngine(folder, chosen(device, on_gpu, has_cuda), number, threads)


def chosen(device: str, on_gpu: bool, has_cuda: bool) -> str:
    """The device: the GPU of a GPU instance, where the runtime can use it, unless one is named."""
    if device == "auto":
        return "cuda" if on_gpu and has_cuda else "cpu"
    return device


def describe(engine: Engine) -> str:
    """For the log."""
    return f"{type(engine).__name__}, {getattr(engine, 'device', 'cpu')}"


def fault(images: np.ndarray) -> str:
    """What is wrong with a request's pictures; nothing if it is empty."""
    if images.shape[1:] != PICTURE or not len(images):
        return f"images are {list(images.shape)}, not [N, 3, 448, 448]"
    if not np.isfinite(images).all():
        return "images have values that are no finite numbers"
    return ""


def answer(request: Any, tables: Sequence[Table], account: np.ndarray) -> Any:
    """The outputs that a request asked for, as long as its own longest table."""
    count = len(tables)
    tags = np.zeros((count, max(len(table.tags) for table in tables)), np.int32)
    most = max(len(table.boxes) for table in tables)
    boxes, classes = np.zeros((count, most, 4), np.float32), np.zeros((count, most), np.int32)
    for row, table in enumerate(tables):
        tags[row, : len(table.tags)] = table.tags
        boxes[row, : len(table.boxes)] = table.boxes
        classes[row, : len(table.boxes)] = table.classes
    tag_len = np.array([len(table.tags) for table in tables], np.int32)
    box_len = np.array([len(table.boxes) for table in tables], np.int32)
    outputs = dict(zip(OUTPUTS, (tags, tag_len, boxes, box_len, classes, account), strict=True))
    return pb_utils.InferenceResponse([pb_utils.Tensor(*each) for each in asked_for(request, outputs)])


def failure(reason: str, code: int) -> Any:
    """An error for one request."""
    return pb_utils.InferenceResponse(output_tensors=[], error=pb_utils.TritonError(reason, code))
