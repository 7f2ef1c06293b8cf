"""How long processes have waited for a server together: while any of them does, the clock runs once.

A file that all of them change in turn, so that it outlives those that are killed.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Waiting", "waited_ns"]

_FILE = "waits"
_PAIR = struct.Struct("<qq")
#: A process that is stopped within a change holds the others up; who only reads does not wait for it.
_PATIENCE_S, _PAUSE_S = 0.2, 0.005


@dataclass
class _Clock:
    """Nanoseconds until `since`, which is 0 while nobody waits; and the requests under way by process."""

    waited: int = 0
    since: int = 0
    under_way: dict[int, int] = field(default_factory=dict)

    @classmethod
    def read(cls, file: int) -> _Clock:
        content = os.pread(file, os.fstat(file).st_size, 0)
        if not content:
            return cls()
        (waited, since), *rows = _PAIR.iter_unpack(content)
        return cls(waited, since, dict(rows))

    def write(self, file: int) -> None:
        pairs = [(self.waited, self.since), *self.under_way.items()]
        os.ftruncate(file, os.pwrite(file, b"".join(_PAIR.pack(*pair) for pair in pairs), 0))

    def change(self, process: int, more: int) -> None:
        count = self.under_way.pop(process, 0) + more
        if count > 0:
            self.under_way[process] = count
        now = time.monotonic_ns()
        if self.under_way and not self.since:
            self.since = now
        elif self.since and not self.under_way:
            self.waited, self.since = self.waited + now - self.since, 0

    @property
    def now(self) -> int:
        return self.waited + (time.monotonic_ns() - self.since if self.since else 0)


class Waiting:
    """The requests of this process."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT, 0o600)

    def __del__(self) -> None:
        os.close(self._file)

    def count(self, more: int) -> None:
        """So many more requests are under way."""
        with _locked(self._file, fcntl.LOCK_EX):
            clock = _Clock.read(self._file)
            clock.change(os.getpid(), more)
            clock.write(self._file)


def waited_ns(folder: Path) -> int | None:
    """How long any process has waited for the server until now; those that are no more wait no longer.

    None while a process that changes it does not come to an end.
    """
    try:
        file = os.open(folder / _FILE, os.O_RDWR)
    except FileNotFoundError:
        return 0
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with _locked(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
                    clock = _Clock.read(file)
                    for process in [each for each in clock.under_way if not _lives(each)]:
                        clock.change(process, -clock.under_way[process])
                    clock.write(file)
                    return clock.now
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return None
                time.sleep(_PAUSE_S)
    finally:
        os.close(file)


@contextmanager
def _locked(file: int, how: int) -> Iterator[None]:
    fcntl.flock(file, how)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
