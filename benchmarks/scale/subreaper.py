"""Runs a command and adopts what it leaves behind: `python -m benchmarks.scale.subreaper COMMAND...` (Linux).

A process whose parent has gone becomes this one's child, not init's. So the CPU time of this process's tree,
with that of the children it waited for, is all that the command and everything below it ever took.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

__all__ = ["main"]

_PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    """Wait until the command and all that descends from it have ended; its exit status."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot adopt orphans")
    command = subprocess.Popen(sys.argv[1:])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _forwarded(command.pid))
    status = 0
    while True:
        try:
            pid, ended = os.wait()
        except ChildProcessError:
            return status
        if pid == command.pid:
            status = os.waitstatus_to_exitcode(ended)


def _forwarded(pid: int) -> Callable[[int, FrameType | None], None]:
    def forward(number: int, _frame: FrameType | None) -> None:
        os.kill(pid, number)

    return forward


if __name__ == "__main__":
    sys.exit(main())
