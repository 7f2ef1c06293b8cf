"""A served model beside the same graph in this process: same threads, same requests, in turn."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.serving.load import Figures, InProcess, apply_load, run_in_process
from benchmarks.serving.pictures import requests
from benchmarks.serving.report import Ratio
from resources.onnx_runtime import OnnxModel
from resources.triton import TritonModel
from resources.triton.statistics import StatisticsReader

__all__ = ["compare"]

_REQUESTS = 8
#: One whose request runs, and one whose request waits its turn: what is compared is the work, not how long a
#: client takes to ask again, and requests stay as large as those of the other side.
_CLIENTS = 2


def compare(
    model: TritonModel,
    reader: StatisticsReader,
    url: str,
    graph: Path,
    threads: int,
    batch: int,
    seconds: float,
    rounds: int,
) -> Ratio:
    """The median over rounds of served over in-process throughput at one batch size."""
    alone = OnnxModel(graph, threads, "onnxruntime")
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
