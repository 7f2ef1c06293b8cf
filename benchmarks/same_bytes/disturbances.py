"""What may happen beside a conversion, and must not change a byte of its documents."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil

__all__ = ["Disturbance", "crowded", "undisturbed", "workers_killed"]

#: Begins beside a conversion with a docmill home, and ends with it. The list says at the end what was done.
Disturbance = Callable[[Path], AbstractContextManager[list[str]]]

_KILLS = 3
_BETWEEN_S = 2.0
_FORK_SERVER = "multiprocessing.forkserver"


@contextmanager
def undisturbed(_home: Path) -> Iterator[list[str]]:
    """Nothing."""
    yield []


@contextmanager
def crowded(_home: Path) -> Iterator[list[str]]:
    """Two busy processes for each core, so that everything takes another while and another order."""
    busy = [
        multiprocessing.get_context("spawn").Process(target=_spin, args=(os.getpid(),), daemon=True)
        for _ in range(2 * (psutil.cpu_count() or 1))
    ]
    for process in busy:
        process.start()
    try:
        yield [f"{len(busy)} busy processes"]
    finally:
        for process in busy:
            process.kill()
            process.join()


@contextmanager
def workers_killed(home: Path) -> Iterator[list[str]]:
    """Some workers are killed, one after another."""
    done: list[str] = []
    over = threading.Event()

    def kill() -> None:
        while len(done) < _KILLS and not over.wait(_BETWEEN_S):
            for worker in _workers(home)[:1]:
                worker.kill()
                done.append(f"killed worker {len(done) + 1}")

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield done
    finally:
        over.set()
        killer.join()


def _workers(home: Path) -> Sequence[psutil.Process]:
    """The worker processes of a conversion, the busiest first: they are children of its fork server."""
    found = []
    for process in psutil.process_iter():
        try:
            parent = process.parent()
            if (
                parent is not None
                and _FORK_SERVER in " ".join(process.cmdline())
                and _FORK_SERVER in " ".join(parent.cmdline())
                and process.environ().get("DOCMILL_HOME") == str(home)
            ):
                found.append((sum(process.cpu_times()[:2]), process))
        except psutil.Error:  # it has just ended
            continue
    return [process for _, process in sorted(found, key=lambda each: -each[0])]


def _spin(parent: int) -> None:
    """Until the benchmark ends, however it does."""
    while os.getppid() == parent:
        pass
