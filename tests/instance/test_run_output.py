"""Output of runs: what is kept, for whom, and at what cost."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from docmill.pipeline.instance.dagster_internals import output_files
from docmill.pipeline.instance.run_output import RunOutput, old_output

#: A process that has a run, of a code server or of the command line, and captures its output.
CAPTURED = """
import os, subprocess, sys
import dagster as dg
import psutil
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin, RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

@dg.op
def nothing(): pass

@dg.job
def work(): nothing()

served = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="m"), location_name="docmill")
place = {"server": served, "command": RegisteredCodeLocationOrigin("docmill")}[sys.argv[2]]
origin = RemoteJobOrigin(RemoteRepositoryOrigin(place, "__repository__"), "work")
settings = {"compute_logs": {"module": "docmill.pipeline.instance.run_output", "class": "RunOutput",
                             "config": {"base_dir": sys.argv[1] + "/kept"}}}
with dg.instance_for_test(temp_dir=sys.argv[1], overrides=settings) as instance:
    run = instance.create_run_for_job(work, remote_job_origin=origin)
    key = [run.run_id, "compute_logs", "abc"]
    with instance.compute_log_manager.capture_logs(key):
        print("from Python", flush=True)
        subprocess.run(["sh", "-c", "echo from below; echo troubled >&2"], check=True)
        print(len(psutil.Process().children()), "processes")
    print("afterwards")
    data = instance.compute_log_manager.get_log_data(key)
    assert instance.compute_log_manager.is_capture_complete(key)
    print("kept:", (data.stdout or b"").decode().split("\\n"), (data.stderr or b"").decode().split("\\n"))
"""


def captured(folder: Path, of: str) -> str:
    command = [sys.executable, "-c", CAPTURED, str(folder), of]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_output_of_a_run_of_the_daemon_is_kept_without_another_process(tmp_path: Path) -> None:
    kept = "kept: ['from Python', 'from below', '0 processes', ''] ['troubled', '']"
    assert captured(tmp_path, "server") == f"afterwards\n{kept}\n"


def test_a_run_of_the_command_line_keeps_its_terminal(tmp_path: Path) -> None:
    said = captured(tmp_path, "command").splitlines()
    assert said == ["from Python", "from below", "0 processes", "afterwards", "kept: [''] ['']"]


def test_old_output_is_found_and_what_else_dagster_keeps_there_is_not(tmp_path: Path) -> None:
    place = {"base_dir": str(tmp_path)}
    settings = {"module": RunOutput.__module__, "class": RunOutput.__name__, "config": place}
    for kind in ("compute_logs", "pictures", "result"):
        for run, day in (("old", 1), ("new", 3)):
            (tmp_path / run / kind).mkdir(parents=True)
            os.utime(tmp_path / run / kind, (day * 86400, day * 86400))
    with dg.instance_for_test(overrides={"compute_logs": settings}) as instance:
        found = old_output(instance, datetime.fromtimestamp(2 * 86400, UTC))
    assert found == [tmp_path / "old" / "compute_logs", tmp_path / "old" / "pictures"]
    with dg.instance_for_test() as theirs:
        assert old_output(theirs, datetime.now(UTC)) == []


def test_it_is_below_the_instance_s_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    out, err, _ = output_files(RunOutput.from_config_value(None, {}), ["r", "compute_logs", "abc"])
    assert out == tmp_path / "storage" / "r" / "compute_logs" / "abc.out"
    assert err == out.with_suffix(".err")
