"""What a server's processes take together, and which of them is which."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import psutil

__all__ = ["cpu_seconds", "grown", "idle_cores", "kill_one", "memory_mb", "tree"]


def tree(pid: int) -> list[psutil.Process]:
    """A process and all below it; a server adopts those whose parents have ended."""
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def cpu_seconds(pid: int) -> dict[int, float]:
    """CPU seconds, user and system, of each process that lives."""
    return _each(pid, lambda process: process.cpu_times().user + process.cpu_times().system)


def grown(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """The CPU seconds between two looks, of the processes that live at the second."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def memory_mb(pid: int) -> float:
    """The proportional set size: pages that several share count once."""
    return sum(_each(pid, lambda process: process.memory_full_info().pss).values()) / 1e6


def idle_cores(pid: int, seconds: float) -> float:
    """The cores that a server takes that nobody asks."""
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return grown(before, cpu_seconds(pid)) / (time.monotonic() - began)


def kill_one(pid: int, words: str) -> bool:
    """Kill the first process below `pid` that has these words in its command; whether there was one."""
    for process in tree(pid)[1:]:
        try:
            if words in " ".join(process.cmdline()):
                process.kill()
                return True
        except psutil.NoSuchProcess:
            continue
    return False


def _each(pid: int, what: Callable[[psutil.Process], float]) -> dict[int, float]:
    found = {}
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            found[process.pid] = what(process)
    return found
