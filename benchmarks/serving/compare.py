"""A served model beside the same graph in this process: same threads, same requests, in turn."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path

import onnxruntime

from benchmarks.serving.load import Figures, InProcess, apply_load, run_in_process
from benchmarks.serving.pictures import Array, requests
from benchmarks.serving.report import Ratio
from docmill.resources.clients.triton import TritonModel
from docmill.resources.clients.triton.statistics import StatisticsReader
from docmill.resources.engines.onnx_runtime import OnnxModel

__all__ = ["compare"]

_REQUESTS = 8
#: One whose request runs, and one whose request waits its turn: what is compared is the work, not how long a
#: client takes to ask again, and requests stay as large as those of the other side.
_CLIENTS = 2
_CUDA = "CUDAExecutionProvider"
#: As the local server's onnxruntime backend has them, which runs in another environment.
_CUDA_OPTIONS = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
_ERRORS_ONLY = 3


def compare(
    model: TritonModel,
    reader: StatisticsReader,
    url: str,
    graph: Path,
    threads: int,
    device: str,
    batch: int,
    seconds: float,
    rounds: int,
) -> Ratio:
    """The median over rounds of served over in-process throughput at one batch size.

    In this process the graph runs on `device`: `cpu`, or `cuda`, the first GPU.
    """
    alone = OnnxModel(graph, threads, "onnxruntime") if device == "cpu" else _OnGpu(graph)
    inputs = requests(url, model.name, batch, _REQUESTS)
    names = alone.inputs
    served: list[Figures] = []
    here: list[InProcess] = []
    for _ in range(rounds + 1):
        here.append(
            run_in_process(
                model.name, lambda arrays: alone.run(dict(zip(names, arrays, strict=True))), inputs, seconds
            )
        )
        served.append(apply_load(model, reader, inputs, _CLIENTS, seconds))
    pairs = list(zip(served, here, strict=True))[1:]  # the first warms both up
    return Ratio(
        model=model.name,
        batch=batch,
        concurrency=_CLIENTS,
        served_items_per_s=statistics.median(one.items_per_s for one, _ in pairs),
        in_process_items_per_s=statistics.median(other.items_per_s for _, other in pairs),
        ratio=statistics.median(one.items_per_s / other.items_per_s for one, other in pairs),
        best_ratio=max(one.items_per_s for one, _ in pairs) / max(other.items_per_s for _, other in pairs),
        rounds=rounds,
    )


class _OnGpu:
    """A graph on this machine's first GPU, by a build of onnxruntime for CUDA."""

    def __init__(self, graph: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        provider = (_CUDA, _CUDA_OPTIONS)
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=[provider])
        if self._session.get_providers()[0] != _CUDA:
            raise SystemExit("--device cuda needs a GPU, and onnxruntime-gpu in this environment")
        self.inputs = [value.name for value in self._session.get_inputs()]

    def run(self, inputs: Mapping[str, Array]) -> list[Array]:
        """All outputs, in the graph's order, for named inputs."""
        return list(self._session.run(None, dict(inputs)))
