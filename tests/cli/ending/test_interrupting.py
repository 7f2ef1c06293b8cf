"""Ctrl-C and SIGTERM, at moments that are known: one line, the right status, no traceback, nobody left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from docmill.pipeline.cli.ending.interrupting import MESSAGE
from tests.stages.running.test_pool import gone
from tests.support.model_cache import weights

ROOT = Path(__file__).parents[3]
SAMPLES = Path(__file__).parents[2] / "samples"
#: How Ctrl-C comes, to all processes of a terminal, and how a service manager stops one.
HOW = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])

Moment = Callable[[psutil.Process], bool]


def watches(process: psutil.Process) -> bool:
    """It has its handlers: the first thing that it does, seconds before all that it needs is imported."""
    caught = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


def reads(name: str) -> Moment:
    """It has a file open."""

    def moment(process: psutil.Process) -> bool:
        return any(file.path.endswith(name) for file in process.open_files())

    return moment


def has_fork_server(process: psutil.Process) -> bool:
    """Its fork server is there, and imports what workers need."""
    return any("forkserver" in " ".join(child.cmdline()) for child in process.children())


@contextmanager
def started(tmp_path: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
    environment = {
        **inherited,
        "DOCMILL_HOME": str(tmp_path / "home"),
        "DOCMILL_MODELS": str(weights("layout").parent),
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "docmill.pipeline.cli", *map(str, arguments)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def interrupted(process: subprocess.Popen[str], number: signal.Signals, moment: Moment) -> tuple[int, str]:
    """Its status and what it said, when the signal comes at that moment; all its processes are gone."""
    deadline = time.monotonic() + 120
    seen = psutil.Process(process.pid)
    while not moment(seen):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    family = [child.pid for child in seen.children(recursive=True)]
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert gone(family)
    return process.returncode, said


def check(status: int, said: str, number: signal.Signals) -> None:
    assert status == 128 + number, said
    assert "Traceback" not in said
    assert said.count(MESSAGE) == 1


@HOW
def test_while_it_imports(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "convert", SAMPLES / "form.pdf") as process:
        check(*interrupted(process, number, watches), number)
    assert list(tmp_path.iterdir()) == []


@HOW
def test_while_it_reads_files(tmp_path: Path, number: signal.Signals) -> None:
    with (tmp_path / "large.pdf").open("wb") as large:
        large.truncate(64 << 30)  # no blocks of the disk, and a minute to read
    with started(tmp_path, "convert", "large.pdf") as process:
        check(*interrupted(process, number, reads("large.pdf")), number)
    assert not (tmp_path / "out").exists()


@HOW
def test_while_its_fork_server_imports(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "convert", SAMPLES / "form.pdf", "-f", "md", "-j", 1) as process:
        check(*interrupted(process, number, has_fork_server), number)


def test_sigterm_while_workers_work_and_the_next_run_goes_on(tmp_path: Path) -> None:
    # the detector takes a while about each page
    slowly = ("--pages", "1-40", "--detector", "always", "-j", 2)
    command = ("convert", SAMPLES / "many_pages.pdf", *slowly, "-f", "md", "--ocr", "off")
    store = tmp_path / "home" / "store"
    with started(tmp_path, *command) as process:

        def under_way(_: psutil.Process) -> bool:
            return bool(list(store.glob("documents/*/*/layout/*.parts/*")))

        check(*interrupted(process, signal.SIGTERM, under_way), signal.SIGTERM)
    parts = list(store.glob("documents/*/*/layout/*.parts/*.zst"))
    assert parts
    with started(tmp_path, *command) as process:
        _, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert "1 converted: 40 pages" in said


def test_an_exception_that_nobody_can_catch_is_not_the_end_of_it(tmp_path: Path) -> None:
    code = """
import signal, sys, time
from docmill.pipeline.cli.ending.interrupting import Interruptions

class Swallows:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(5)

with Interruptions() as interruptions, interruptions.unwinding():
    Swallows()
    time.sleep(30)
"""
    began = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    check(run.returncode, run.stderr, signal.SIGTERM)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("others", [0, 1])
def test_a_second_signal_ends_it_at_once(others: int) -> None:
    code = f"""
import signal, time
from docmill.pipeline.cli.ending.interrupting import Interruptions

with Interruptions() as interruptions, interruptions.unwinding():
    try:
        signal.raise_signal(signal.SIGINT)
        time.sleep(30)
    finally:
        for _ in range({others}):
            signal.raise_signal(signal.SIGINT)
            time.sleep(30)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    check(run.returncode, run.stderr, signal.SIGINT)
