"""CPU of this process and all below it, by looking at them: Ray forgets what its workers took.

Its raylet ignores that they end, and then no parent is told of their CPU.
"""

from __future__ import annotations

import threading
from contextlib import suppress

import psutil

__all__ = ["OwnCpu"]

_LOOK_S = 2.0


class OwnCpu(threading.Thread):
    """Looks every two seconds, from when it is made; what ended is counted as it was last seen."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._seen: dict[tuple[int, float], float] = {}
        self._over = threading.Event()
        self._own = _cpu(psutil.Process())
        self.start()

    def run(self) -> None:
        """Look, until it is enough."""
        while not self._over.wait(_LOOK_S):
            self._look()

    def end(self) -> float:
        """The seconds."""
        self._over.set()
        self.join()
        self._look()
        return sum(self._seen.values()) + _cpu(psutil.Process()) - self._own

    def _look(self) -> None:
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it has just ended
                self._seen[process.pid, process.create_time()] = _cpu(process)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
