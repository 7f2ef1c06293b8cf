"""Exporters run in their environment; here scripts stand in for them, run by the tests' own Python."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil
import pytest

from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.triton.places import shipped
from docmill.resources.local.virtual_environment import VirtualEnvironment
from docmill.resources.weights.docling_models.environment import prepare_export_environment
from docmill.resources.weights.docling_models.errors import (
    ExportError,
    ParityError,
    UnfitCheckpointError,
)
from docmill.resources.weights.docling_models.export import Parity, run_exporter

GOOD = {"checks": [{"name": "boxes", "measured": 1e-6, "limit": 1e-4, "passed": True}], "passed": True}
BAD = {"checks": [{"name": "boxes", "measured": 0.5, "limit": 1e-4, "passed": False}], "passed": False}


@pytest.fixture
def python(tmp_path: Path) -> VirtualEnvironment:
    """An environment that is the tests' own."""
    (tmp_path / "env" / "bin").mkdir(parents=True)
    launcher = tmp_path / "env" / "bin" / "python"
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    launcher.chmod(0o755)
    return VirtualEnvironment(tmp_path / "env")


def run(python: VirtualEnvironment, code: str, limit_s: float = 30.0) -> tuple[Parity, list[str]]:
    folder = python.folder.parent
    script, out = folder / "exporter.py", folder / "out"
    said: list[str] = []
    out.mkdir(exist_ok=True)
    script.write_text(f"import json, os, pathlib, sys, time\nout = pathlib.Path(sys.argv[-1])\n{code}\n")
    return run_exporter(python, script, ["--variant", "fast"], out, limit_s, said.append), said


def wrote(parity: object) -> str:
    return f"(out / 'parity.json').write_text({json.dumps(parity)!r})"


def test_what_was_measured_is_returned_and_what_was_said_reported(python: VirtualEnvironment) -> None:
    parity, said = run(python, f"print(sys.argv[1:3], flush=True)\nprint('done')\n{wrote(GOOD)}")
    assert said == ["['--variant', 'fast']", "done"]
    assert [str(check) for check in parity.checks] == ["boxes 1e-06 (limit 0.0001)"]


@pytest.mark.parametrize(
    ("parity", "status"),
    [(BAD, 1), (BAD, 0), (BAD | {"passed": True}, 0), (GOOD, 1), ({"checks": [], "passed": True}, 0)],
    ids=["said so", "ended well", "claims to pass", "ended badly", "nothing was compared"],
)
def test_nothing_passes_without_parity(python: VirtualEnvironment, parity: object, status: int) -> None:
    with pytest.raises(ParityError, match="Nothing was installed"):
        run(python, f"{wrote(parity)}\nsys.exit({status})")


def test_a_checkpoint_of_another_model_is_named(python: VirtualEnvironment) -> None:
    with pytest.raises(UnfitCheckpointError, match=r"does not fit exporter\.py: it has 5 labels"):
        run(python, "sys.stderr.write('it has 5 labels')\nsys.exit(2)")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise RuntimeError('out of luck')", r"no parity\.json.*RuntimeError: out of luck"),
        ("os.kill(os.getpid(), 9)", "failed with status -9"),
        ("sys.exit(3)", "failed with status 3: no reason given"),
        ("pass", r"no parity\.json that can be read"),
        ("(out / 'parity.json').write_text('{')", r"no parity\.json that can be read"),
        (wrote({"passed": True}), r"no parity\.json that can be read"),
    ],
    ids=["raises", "killed", "status", "nothing", "no JSON", "no checks"],
)
def test_a_script_that_fails_is_quoted(python: VirtualEnvironment, code: str, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        run(python, code)


def test_a_script_that_hangs_is_ended_with_its_children(python: VirtualEnvironment) -> None:
    code = """
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
(out / "child").write_text(str(child.pid))
print("started", flush=True)
time.sleep(60)
"""
    with pytest.raises(ExportError, match="was not done after 2 s"):
        run(python, code, limit_s=2.0)
    child = int((python.folder.parent / "out" / "child").read_text())
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_scripts_see_no_other_python_and_no_hub(
    python: VirtualEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "HF_TOKEN", "HF_ENDPOINT", "TRANSFORMERS_CACHE"):
        monkeypatch.setenv(name, "/somewhere")
    _, said = run(python, f"print(sorted(os.environ))\n{wrote(GOOD)}")
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "HF_TOKEN", "HF_ENDPOINT", "TRANSFORMERS_CACHE"):
        assert f"'{name}'" not in said[0]
    assert "'HF_HUB_OFFLINE'" in said[0] and "'PATH'" in said[0]


def test_a_full_disk_and_a_home_that_cannot_be_written_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentSetupError, match="DOCMILL_HOME"):
        prepare_export_environment(tmp_path / "file", shipped())
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage())
    with pytest.raises(EnvironmentSetupError, match=r"has 0\.5 GB left.*make room"):
        prepare_export_environment(tmp_path / "home", shipped())


class _Usage:
    free = 500_000_000


def test_pip_says_why_it_could_not_install(tmp_path: Path) -> None:
    environment = VirtualEnvironment(tmp_path / "env")
    environment.create(Path(sys.executable))
    with pytest.raises(
        EnvironmentSetupError, match=r"pip could not install nothing of that name: ERROR: .*docmill-no"
    ):
        environment.install("--no-index", "docmill-no-such-package", what="nothing of that name")
    assert not environment.made_with("stamp")
    environment.finish("stamp")
    assert environment.made_with("stamp")
