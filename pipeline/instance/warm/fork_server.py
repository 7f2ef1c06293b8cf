"""All that docmill uses of multiprocessing's fork server and that is not documented there; nothing else does.

A fork server is a process that has modules imported and forks itself for each process that is asked of it.
`tests/instance/test_fork_server.py` holds what is used here against the Python that runs it.
"""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Sequence
from multiprocessing import (
    connection,
    forkserver,
    popen_forkserver,
    popen_spawn_posix,
    process,
    resource_tracker,
)
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

__all__ = [
    "ForkServerContext",
    "ForkServerProcess",
    "SpawnedProcess",
    "WatchedProcess",
    "ensure_running",
    "forget_temporary_folder",
    "fork_server_of_this_process",
    "name_process",
    "threads",
]

#: What multiprocessing's one `ForkServer` remembers of the server that it has started.
_STATE = ("_forkserver_address", "_forkserver_alive_fd", "_forkserver_pid")
#: What a `Popen` says of a process whose fork server has gone without telling how it ended.
_UNTOLD = 255

_LOOK_EVERY_S = 0.05

#: A process in an interpreter of its own.
SpawnedProcess = popen_spawn_posix.Popen
#: Starts the fork server of this process when there is none, or it has died; returns before it has imported.
ensure_running = forkserver.ensure_running


class WatchedProcess(popen_forkserver.Popen):
    """A process of the fork server that is not taken to be dead because its fork server is."""

    def __init__(self, process_obj: BaseProcess) -> None:
        super().__init__(process_obj)
        try:
            self._itself: psutil.Process | None = psutil.Process(self.pid)
        except psutil.NoSuchProcess:
            self._itself = None

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        """Its exit status; None while it runs, 255 when nobody is left who knows it."""
        known = self.returncode
        if known is None and super().poll(flag) == _UNTOLD and self._lives():
            self.returncode = None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Its exit status; None when it runs for longer than so many seconds."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        super().wait(timeout)
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)
        return self.returncode

    def _lives(self) -> bool:
        if self._itself is None:
            return False
        try:
            return self._itself.is_running() and self._itself.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def fork_server_of_this_process(preload: Sequence[str]) -> bool:
    """Make a fork server by forking this process: what it has imported is there, and more is imported in it.

    Processes of the context `forkserver` come from it. To be called before there are threads or connections.
    False, and nothing is done, where multiprocessing keeps its fork server otherwise: it then starts one as
    usual.
    """
    ours = forkserver._forkserver
    if not all(hasattr(ours, name) for name in _STATE):
        return False
    resource_tracker.ensure_running()
    listener = socket.socket(socket.AF_UNIX)
    address = connection.arbitrary_address("AF_UNIX")  # type: ignore[attr-defined]
    listener.bind(address)
    Path(address).chmod(0o600)
    listener.listen()
    # it ends when nobody holds the other end any more
    alive, held = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(held)
            name_process("docmill-workers")
            forkserver.main(listener.detach(), alive, preload)
        finally:
            os._exit(0)
    listener.close()
    os.close(alive)
    for name, value in zip(_STATE, (address, held, pid), strict=True):
        setattr(ours, name, value)
    return True


def forget_temporary_folder() -> None:
    """Have multiprocessing make one for this process, and not use that of its parent, which may end first."""
    settings: dict[str, Any] = getattr(process.current_process(), "_config", {})
    settings.pop("tempdir", None)


def threads() -> int:
    """Threads of this process, those of native libraries too."""
    return len(list(Path("/proc/self/task").iterdir()))


def name_process(name: str) -> None:
    """What `ps -e` and `top` call this process, in 15 letters; its command line is its forking parent's."""
    Path("/proc/self/comm").write_text(name, "utf-8")
