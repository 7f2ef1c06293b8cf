"""heron's architecture with random weights in torch, as a model for Triton's Python backend.

Parameters: `root` is docmill's checkout; `size` is small or full; `precision` is one of
`benchmarks.gpu.half_precision`. On a GPU each batch size that is a power of two is a CUDA graph. What it
answers is that of `benchmarks.gpu.pipeline.scripted`, once the network is computed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from docmill_account import ACCOUNT, Books, add_account, asked_for, step_of

LARGEST = 32
OUTPUTS = ("labels", "boxes", "scores", ACCOUNT)


class TritonPythonModel:
    """One instance."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """Say that there is an account of each page."""
        add_account(config)
        return config

    def initialize(self, args: Mapping[str, str]) -> None:
        """Make the model, and on a GPU its graphs."""
        config = json.loads(args["model_config"])
        settings = {key: value["string_value"] for key, value in config["parameters"].items()}
        sys.path.insert(0, settings["root"])
        from benchmarks.gpu.pipeline.torch_heron import ScriptedHeron

        on_gpu = args["model_instance_kind"] == "GPU"
        self.books = Books()
        self.model = ScriptedHeron(settings["size"], settings["precision"], "cuda" if on_gpu else "cpu")
        self.joins = on_gpu
        why = self.model.capture([2**power for power in range(LARGEST.bit_length())]) if on_gpu else ""
        if why:
            pb_utils.Logger.log_warn(f"no CUDA graphs: {why}")
        pb_utils.Logger.log_info(
            f"heron, {settings['precision']}, runs on {'a GPU' if on_gpu else 'the CPU'}"
        )

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answer what was put together, as one batch or several."""
        began = time.perf_counter()
        given = [
            [
                pb_utils.get_input_tensor_by_name(request, name).as_numpy()
                for name in ("images", "orig_target_sizes")
            ]
            for request in requests
        ]
        counts = [len(images) for images, _ in given]
        images, sizes = (np.concatenate(parts) for parts in zip(*given, strict=True))
        parts = [
            self.model(images[start : start + LARGEST], sizes[start : start + LARGEST])
            for start in range(0, len(images), LARGEST)
        ]
        whole = [np.concatenate(output) for output in zip(*parts, strict=True)]
        each = self.books.took(began, len(images))
        responses, start = [], 0
        for request, count in zip(requests, counts, strict=True):
            own = [array[start : start + count] for array in whole]
            start += count
            account = self.books.account(step_of(request), count, each)
            outputs = dict(zip(OUTPUTS, [*own, account], strict=True))
            tensors = [
                pb_utils.Tensor(name, np.ascontiguousarray(array))
                for name, array in asked_for(request, outputs)
            ]
            responses.append(pb_utils.InferenceResponse(tensors))
        return responses
