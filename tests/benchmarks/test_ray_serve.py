"""Ray Serve beside Triton: what is made of rounds, of answers while it scales, and CPU that Ray forgets."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from rich.console import Console

from benchmarks.harness.catalogue import catalogue
from benchmarks.harness.noise import Watch
from benchmarks.harness.running import result_of, said_noise
from benchmarks.metrics.environment import environment
from benchmarks.ray_serve.faults import Fault
from benchmarks.ray_serve.made_models import ASLEEP_S, AT_ONCE, PAGE, SLEEPER, write_models
from benchmarks.ray_serve.own_cpu import OwnCpu
from benchmarks.ray_serve.report import Report, show
from benchmarks.ray_serve.scaling import Answer, Scaling, first_of_another
from benchmarks.ray_serve.served import Round, Served, compared
from benchmarks.ray_serve.servers import RAY, TRITON, Beginning

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "deploy" / "ray")]

from docmill_ray.models import backend_utils  # noqa: E402
from docmill_ray.models.served import read_repository  # noqa: E402

#: Burns a second in a child that nobody waits for, as Ray's raylet has them.
FORGETFUL = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if not os.fork():
    while time.process_time() < 1:
        pass
    time.sleep(3)
    os._exit(0)
time.sleep(5)
"""


def round_of(per_s: float, cpu_ms: float) -> Round:
    return Round(10, per_s, 10.0, 20.0, 30.0, cpu_ms + 1, cpu_ms, 5.0, 1.0)


def report() -> Report:
    served = [
        Served(TRITON, "heron", 1, [round_of(2.0, 100.0), round_of(4.0, 110.0), round_of(2.0, 90.0)]),
        Served(RAY, "heron", 1, [round_of(1.0, 150.0), round_of(4.0, 121.0), round_of(3.0, 117.0)]),
    ]
    return Report(
        environment(),
        "2026-11-30",
        1,
        [Beginning(name, 3, 2.5, 1.0, 300.0, 0.1, 5) for name in (TRITON, RAY)],
        served,
        [compared(*served)],
        [Scaling(1.5, 4.0, 17.0, 5.0, 200, 0, 4.9, 9.7), Scaling(2.5, 6.0, 18.0, 7.0, 210, 1, 4.8, 9.6)],
        [Fault(RAY, "the raylet", 90, 0, 33.0)],
        Watch().end(0.0),
    )


def test_rounds_are_compared_one_by_one() -> None:
    [pair] = report().compared
    assert pair.cpu_ratios == [1.5, 1.1, 1.3]
    assert pair.speed_ratios == [0.5, 1.0, 1.5]


def test_the_catalogue_finds_its_figures_in_a_report() -> None:
    written = json.loads(msgspec.json.encode(report()))
    result = result_of("ray-serve", catalogue()["ray-serve"], written)
    told = {figure.name: (figure.value, figure.rounds) for figure in result.figures}
    assert told["Ray Serve, heron, 1 clients: CPU a request"] == (121.0, 3)
    assert told["heron, 1 clients: CPU of a request"] == (1.3, 3)
    assert told["scaling: a second replica's first answer"] == (5.0, 2)
    assert told["scaling: failed requests"] == (0.5, 2)
    assert told["Ray Serve, the raylet is killed: silent"] == (33.0, 1)
    assert said_noise(written) == msgspec.convert(written["noise"], type(report().noise))


def test_tables_have_medians_and_how_far_rounds_were_apart() -> None:
    shown = StringIO()
    show(report(), Console(file=shown, width=200))
    assert "121 (117 to 150)" in shown.getvalue()
    assert "1.30 (1.10 to 1.50)" in shown.getvalue()
    assert "noise: load" in shown.getvalue()


@pytest.mark.parametrize(
    ("answers", "after"),
    [
        ([(1.0, 7), (2.0, 7), (5.0, 8), (4.5, 8), (6.0, 7)], 1.5),
        ([(1.0, 7), (2.0, 8), (4.0, 8), (5.0, 7)], None),
        ([(4.0, 9)], 1.0),
        ([], None),
    ],
)
def test_a_second_replica_is_one_that_had_not_answered_before(
    answers: list[tuple[float, int]], after: float | None
) -> None:
    assert first_of_another([Answer(*each) for each in answers], since=3.0) == after


def test_made_models_are_for_ray_and_say_which_process_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("layout_cdla", "slanet_plus"):
        (tmp_path / name / "1").mkdir(parents=True)
        shipped = ROOT / "model_repository" / name / "config.pbtxt"
        (tmp_path / name / "config.pbtxt").write_text(shipped.read_text())
    write_models(tmp_path)
    served = {
        each.name: each
        for each in read_repository(tmp_path, [AT_ONCE, SLEEPER, "layout_cdla", "slanet_plus", PAGE])
    }
    assert served[PAGE].calls == ["layout_cdla", "slanet_plus"]
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", backend_utils)
    began = time.monotonic()
    [answer] = loaded(served[SLEEPER].code).TritonPythonModel().execute([None])
    assert time.monotonic() - began >= ASLEEP_S
    [process] = answer.output_tensors()
    assert process.as_numpy().tolist() == [[os.getpid()]]


def loaded(code: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("made_model", code)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_cpu_is_counted_whose_parent_was_not_told_of_it() -> None:
    counted = OwnCpu()
    subprocess.run([sys.executable, "-c", FORGETFUL], check=True)
    assert counted.end() > 0.9
