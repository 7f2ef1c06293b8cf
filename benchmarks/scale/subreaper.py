"""Runs a command and adopts what it leaves behind: `python -m benchmarks.scale.subreaper COMMAND...` (Linux).

A process whose parent has gone becomes this one's child, not init's. So the CPU time of this process's tree,
with that of the children it waited for, is all that the command and everything below it ever took. With
`--usage FILE` before the command it writes that at the end, without its own: `{"cpu_s": ..., "wall_s": ...}`.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

__all__ = ["main"]

_PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    """Wait until the command and all that descends from it have ended; its exit status."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot adopt orphans")
    usage, arguments = "", sys.argv[1:]
    if arguments[0] == "--usage":
        usage, arguments = arguments[1], arguments[2:]
    started = time.monotonic()
    command = subprocess.Popen(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _forwarded(command.pid))
    status = 0
    while True:
        try:
            pid, ended = os.wait()
        except ChildProcessError:
            if usage:
                _write_usage(Path(usage), time.monotonic() - started)
            return status
        if pid == command.pid:
            status = os.waitstatus_to_exitcode(ended)


def _write_usage(path: Path, wall_s: float) -> None:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    path.write_text(json.dumps({"cpu_s": ended.ru_utime + ended.ru_stime, "wall_s": wall_s}), "utf-8")


def _forwarded(pid: int) -> Callable[[int, FrameType | None], None]:
    def forward(number: int, _frame: FrameType | None) -> None:
        os.kill(pid, number)

    return forward


if __name__ == "__main__":
    sys.exit(main())
