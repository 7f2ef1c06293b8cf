"""The benchmark of a Triton server: load, comparison and report, on a server that speaks its protocol."""

from __future__ import annotations

import io
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
from rich.console import Console

from benchmarks.metrics.environment import environment
from benchmarks.serving.load import Figures, apply_load, run_in_process
from benchmarks.serving.pictures import KINDS, requests
from benchmarks.serving.report import Ratio, Report, print_report, write_report
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.statistics import StatisticsReader
from tests.support.kserve_server import KServeServer, Model


def double(inputs: list[np.ndarray]) -> list[np.ndarray]:
    time.sleep(0.02)
    return [2 * inputs[0]]


def model(max_batch: int = 8) -> Model:
    return Model(inputs=[("x", "FP32")], outputs=[("y", "FP32")], answer=double, max_batch=max_batch)


def figures(batch: int, clients: int, rate: float) -> Figures:
    return Figures("m", batch, clients, rate, 10.0, 20.0, 1.0, 2.0, 3.0)


def test_clients_keep_the_server_busy_together() -> None:
    served = model()
    inputs = [[np.ones((2, 4), np.float32)]] * 3
    with KServeServer({"m": served}) as server:
        settings = TritonServer(server.url)
        reader = StatisticsReader(settings, connect(server.url), "m", "")
        one, four = (apply_load(TritonModel(settings, "m"), reader, inputs, n, 0.6) for n in (1, 4))
    assert (one.batch, one.concurrency, four.concurrency) == (2, 1, 4)
    assert four.items_per_s > 1.5 * one.items_per_s
    assert 20.0 <= one.p50_ms <= one.p95_ms
    assert {len(arrays[0]) for arrays in served.requests} == {2}


def test_a_model_that_refuses_ends_the_benchmark() -> None:
    with KServeServer({"m": model(max_batch=1)}) as server:
        settings = TritonServer(server.url)
        reader = StatisticsReader(settings, connect(server.url), "m", "")
        with pytest.raises(BackendConfigError, match="batch too large"):
            apply_load(TritonModel(settings, "m"), reader, [[np.ones((2, 4), np.float32)]], 2, 0.5)


def test_the_same_requests_in_this_process() -> None:
    seen: list[int] = []
    result = run_in_process("m", lambda arrays: seen.append(len(arrays[0])), [[np.ones((3, 4))]], 0.05)
    assert result.batch == 3 and set(seen) == {3}
    assert result.items_per_s > 0


@pytest.mark.parametrize("name", KINDS)
def test_known_models_get_what_docmill_would_send_them(name: str) -> None:
    made = requests("nowhere:1", name, 2, 2)
    assert [[len(array) for array in arrays] for arrays in made] == [[2] * len(made[0])] * 2
    assert not np.array_equal(made[0][0], made[1][0])


def test_the_report_says_what_batches_gain_and_keeps_everything(tmp_path: Path) -> None:
    report = Report(
        environment(),
        "Triton 2.51.0 at h:1",
        [],
        1,
        "auto",
        [figures(1, 1, 10.0), figures(8, 2, 40.0)],
        [Ratio("m", 8, 2, 40.0, 41.0, 0.976, 0.98, 5)],
    )
    assert report.batching_gain("m") == 4.0
    shown = io.StringIO()
    print_report(report, Console(file=shown, width=120))
    assert "4.00 times" in shown.getvalue() and "0.976" in shown.getvalue()
    write_report(report, tmp_path / "report.json")
    assert msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Report) == report
