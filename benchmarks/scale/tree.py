"""A command with all its descendants: their CPU time, also of those that have ended, and their memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

__all__ = ["Memory", "ProcessTree"]

_PATIENCE_S = 30.0
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Memory:
    """Megabytes of a process: resident, and with pages that several processes share divided among them.

    `name` is what it calls itself.
    """

    name: str
    command: str
    rss_mb: float
    pss_mb: float


class ProcessTree:
    """Starts a command below a process that adopts orphans; use as a context manager. Linux only."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = [sys.executable, "-m", "benchmarks.scale.subreaper", *command]
        self._environment, self.log = dict(environment), log

    def __enter__(self) -> ProcessTree:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=_ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def running(self) -> bool:
        """Whether anything of it still runs."""
        return self._process.poll() is None

    def cpu_seconds(self) -> float:
        """User and system time of every process so far, whether it has ended or not."""
        total = 0.0
        for process in self._processes():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
        return total

    def runs(self, words: Sequence[str]) -> bool:
        """Whether any process but the adopter has one of the words in its name or on its command line."""
        commands = []
        for process in list(self._processes())[1:]:
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                commands.append(" ".join([process.name(), *process.cmdline()]))
        return any(word in command for word in words for command in commands)

    def memory(self) -> list[Memory]:
        """What each process holds; the adopter is left out."""
        found = []
        for process in list(self._processes())[1:]:
            try:
                info = process.memory_full_info()
                name, command = process.name(), " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            found.append(Memory(name, command, info.rss / 1e6, info.pss / 1e6))
        return found

    def _processes(self) -> Iterator[psutil.Process]:
        root = psutil.Process(self._process.pid)
        yield root
        yield from root.children(recursive=True)
