"""How long processes wait for a server: known while they do, and after they were killed."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from docmill.resources.clients.vllm.waiting import Waiting, waited_ns


def wait(folder: Path, begun: Any) -> None:
    Waiting(folder).count(1)
    begun.release()
    time.sleep(600)


def waited(folder: Path) -> int:
    found = waited_ns(folder)
    assert found is not None
    return found


def test_killed_processes_wait_no_longer_and_several_wait_no_longer_than_one(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    begun = context.Semaphore(0)
    processes = [context.Process(target=wait, args=(tmp_path, begun)) for _ in range(2)]
    with ExitStack() as around:
        for process in processes:
            process.start()
            around.callback(process.kill)
        for _ in processes:
            assert begun.acquire(timeout=120)
        at, first = time.monotonic_ns(), waited(tmp_path)
        time.sleep(0.05)
        second = waited(tmp_path)
        assert 0.05e9 <= second - first <= time.monotonic_ns() - at
        for process in processes:
            assert process.pid is not None
            assert waited(tmp_path) > second
            os.kill(process.pid, signal.SIGKILL)
            process.join()
    last = waited(tmp_path)
    assert waited(tmp_path) == last > second


def test_waiting_adds_up_and_stands_still_between(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)
    after = 0
    for _ in range(2):
        waiting.count(1)
        waiting.count(1)
        waiting.count(-1)
        during = waited(tmp_path)
        assert waited(tmp_path) > during > after
        waiting.count(-1)
        after = waited(tmp_path)
        assert waited(tmp_path) == after > during
    assert waited(tmp_path / "gone") == 0


def test_a_process_that_is_stopped_within_a_change_holds_no_reader_up(tmp_path: Path) -> None:
    Waiting(tmp_path).count(1)
    with (tmp_path / "waits").open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert waited_ns(tmp_path) is None
    assert waited_ns(tmp_path) == pytest.approx(waited(tmp_path), rel=1)
