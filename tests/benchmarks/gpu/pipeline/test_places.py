"""What a machine can serve the models with; and a model behind the protocol without Triton."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu.pipeline.places import KINDS, NoServerError, Place, has_cuda, running, where
from benchmarks.ray_serve.made_models import AT_ONCE, write_models
from docmill.pipeline.convert.errors import BackendError
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.statistics import read_counters
from docmill.resources.local.triton.environment import Environment

HERE = Path(sys.executable)


def test_a_python_without_torch_serves_no_torch() -> None:
    for kind in KINDS[2:]:
        with pytest.raises(NoServerError, match="a Python without torch"):
            where("cpu", HERE, kind)


def test_nothing_serves_where_no_python_works(tmp_path: Path) -> None:
    with pytest.raises(NoServerError, match="does not work"):
        where("cpu", tmp_path / "python", "door")


def test_official_is_nvidia_s_place() -> None:
    with pytest.raises(NoServerError, match="/opt/tritonserver"):
        where("cuda", HERE, "official")


def test_on_a_gpu_no_minutes_go_into_setting_triton_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    with pytest.raises(NoServerError, match="docmill triton setup"):
        where("cuda", HERE, "onnxruntime")
    assert not (tmp_path / "triton" / "env").exists()


def test_all_reasons_are_said_where_nothing_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    with pytest.raises(NoServerError) as error:
        where("cuda", HERE)
    assert all(f"{kind}: " in str(error.value) for kind in KINDS)


def test_graphs_are_for_what_runs_onnx() -> None:
    assert [Place(kind, "").of_graphs for kind in KINDS] == [True, True, False, False]


def test_a_door_answers_as_a_server_does(tmp_path: Path) -> None:
    write_models(tmp_path)
    with running(Place("door", "", python=HERE), tmp_path, [AT_ONCE], "cpu") as served:
        [url] = served.urls.values()
        model = TritonModel(TritonServer(url, 20.0, 0), AT_ONCE, "", 1, 1)
        images = np.random.default_rng(0).integers(0, 255, (3, 3, 800, 608), np.uint8)
        [first] = model.infer([images], page=1)
        assert np.array_equal(first, images[:, 0, 0, :1])
        counters = read_counters(connect(url), AT_ONCE)
        assert (counters.inferences, counters.executions, counters.requests) == (3, 1, 1)
        assert counters.device_ns > 0
        with pytest.raises(BackendError):
            TritonModel(TritonServer(url, 20.0, 0), "other", "", 1, 1).infer([images], page=1)
        with pytest.raises(BackendError, match="batch"):
            model.infer([np.repeat(images, 4, axis=0)], page=1)


_SLOW = """
import threading, time
import numpy as np
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def execute(self, requests):
        time.sleep(0.5)
        number = np.array([[threading.get_ident() % 2**31]], np.int32)
        return [pb_utils.InferenceResponse([pb_utils.Tensor("thread", number)]) for _ in requests]
"""


def test_two_instances_compute_at_once(tmp_path: Path) -> None:
    (tmp_path / "slow" / "1").mkdir(parents=True)
    (tmp_path / "slow" / "1" / "model.py").write_text(_SLOW)
    (tmp_path / "slow" / "config.pbtxt").write_text(
        'name: "slow" backend: "python" max_batch_size: 1\n'
        'input [ { name: "x" data_type: TYPE_UINT8 dims: [ 1 ] } ]\n'
        'output [ { name: "thread" data_type: TYPE_INT32 dims: [ 1 ] } ]\n'
        "instance_group [ { kind: KIND_AUTO count: 2 } ]\n"
    )
    with running(Place("door", "", python=HERE), tmp_path, ["slow"], "cpu") as served:
        settings = TritonServer(served.urls["slow"], 20.0, 0)
        models = [TritonModel(settings, "slow", "", 1, 1) for _ in range(4)]
        with ThreadPoolExecutor(4) as threads:
            answers = list(
                threads.map(lambda model: model.infer([np.zeros((1, 1), np.uint8)], page=1), models)
            )
        counters = read_counters(connect(settings.url), "slow")
    assert len({int(answer[0, 0]) for [answer] in answers}) == 2
    assert (counters.executions, counters.inferences) == (4, 4)


def test_a_door_that_does_not_open_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(NoServerError, match="before it was ready"),
        running(Place("door", "", python=HERE), tmp_path, ["none"], "cpu"),
    ):
        pass


def test_a_build_for_cpus_has_no_cuda(tmp_path: Path) -> None:
    here = Environment(tmp_path, tmp_path, "", tmp_path)
    assert not has_cuda(HERE, here)
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\ntest -s "$3"\n')  # as if that graph ran on a GPU
    program.chmod(0o755)
    assert has_cuda(program, here)
    assert not has_cuda(tmp_path / "none", here)
