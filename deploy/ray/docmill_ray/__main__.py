"""Keeps a session running: `python -m docmill_ray serve.yaml OVERRIDES FOLDER`.

A raylet that was killed takes everything with it, and Ray starts none: then all of it is started anew. This
process adopts what Ray leaves behind, and ends it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from docmill_ray.session import LOST

#: Starts in a row that came to nothing.
_MOST_STARTS = 3
_CHILD_SUBREAPER = 36
_GONE_S = 10.0
#: A session that ran so long was up.
_WAS_UP_S = 120.0


def main(arguments: list[str]) -> int:
    """The command."""
    ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1)
    told: list[int] = []
    session: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: Any) -> None:
        if number != signal.SIGHUP:
            told.append(number)
        for each in session:
            each.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    starts = 0
    while not told:
        began = time.monotonic()
        session[:] = [subprocess.Popen([sys.executable, "-m", "docmill_ray.session", *arguments])]
        status = session[0].wait()
        session.clear()
        _end_orphans()
        if told or (status >= 0 and status != LOST):
            return 0 if told else status
        starts = 1 if time.monotonic() - began > _WAS_UP_S else starts + 1
        if starts == _MOST_STARTS:
            print(f"ERROR {starts} starts came to nothing", flush=True)
            return LOST
        print("starting Ray anew", flush=True)
    return 0


def _end_orphans() -> None:
    """End what Ray left; orphans of orphans come here too."""
    deadline = time.monotonic() + _GONE_S
    while (left := _children()) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.05)


def _children() -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
        if parent == os.getpid():
            found.append(int(process.name))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
