"""Memory and CPU time of a process and all its descendants."""

from __future__ import annotations

import ctypes
import os
import threading
from types import TracebackType

import psutil

__all__ = ["PeakMemory", "adopt_orphans", "cpu_seconds"]

_EVERY_S = 0.2
#: PR_SET_CHILD_SUBREAPER of linux/prctl.h.
_SUBREAPER = 36


def adopt_orphans() -> None:
    """From now on a descendant whose parent has gone is a child of this process, and so counts. Linux."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class PeakMemory:
    """Samples the proportional set size (PSS) of the process tree: pages shared by workers count once.

    Use as a context manager; `megabytes` is the peak.
    """

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        root = psutil.Process()
        while not self._stop.wait(_EVERY_S):
            total = 0
            for process in [root, *root.children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.megabytes = max(self.megabytes, total / 1e6)


def cpu_seconds() -> float:
    """CPU seconds so far of this process, of all below it, and of those that these have waited for."""
    total = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
