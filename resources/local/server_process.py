"""A server as our process: started with a time limit, watched, and stopped without losing an answer."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self

from docmill.resources.local.errors import ServerStartError, ServerStoppedError

__all__ = ["ServerProcess", "free_ports"]

_REASONS_SHOWN = 3


class ServerProcess(ABC):
    """A server as a context manager: ready inside, gone outside, with all its own processes.

    A kind of server is a subclass: what is run, when it is ready, and what its lines mean.
    """

    #: As messages name it: "the Triton server".
    name: ClassVar[str]
    #: Between two looks at whether it is ready.
    poll_s: ClassVar[float]
    #: What it needs to end after the last request in flight.
    linger_s: ClassVar[float]

    def __init__(self, start_limit_s: float, exit_limit_s: float) -> None:
        self._start_limit_s = start_limit_s
        self._exit_limit_s = exit_limit_s
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._reasons: deque[str] = deque(maxlen=_REASONS_SHOWN)

    @property
    @abstractmethod
    def log(self) -> Path:
        """Everything that the server said."""

    @abstractmethod
    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        """What is needed before a start; the command and its environment variables."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether the server answers requests, asked again and again."""

    @abstractmethod
    def _hear(self, line: str) -> str | None:
        """A line of the server's output; what of it may say why it failed."""

    def _launched(self, pid: int) -> None:  # noqa: B027  # most kinds have nothing to do here
        """The process has begun."""

    def _ended(self) -> None:  # noqa: B027  # nor here
        """The process and its own are gone; what they left can be removed."""

    def __enter__(self) -> Self:
        """Start; see `start`."""
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process. Raises `ServerStoppedError` when there is none."""
        return self._started().pid

    def start(self) -> None:
        """Start, and wait until the server is ready.

        Raises `ServerStartError` when that takes too long or the server gives up.
        """
        command, variables = self._prepare()
        self._reasons.clear()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for docmill, which then stops the server
        )
        self._launched(self._process.pid)
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        self._wait_until_ready()

    def wait(self, seconds: float | None = None) -> None:
        """Return after `seconds`; raise `ServerStoppedError` as soon as the server ends by itself."""
        try:
            status = self._started().wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise ServerStoppedError(f"{self.name} ended with status {status}{self._last_words()}")

    def stop(self) -> None:
        """Let requests in flight finish within the exit limit, then end the server and its own processes."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._exit_limit_s + self.linger_s)
        self.kill()

    def kill(self) -> None:
        """End the server at once, its own processes included."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._join()
        self._process = None
        self._ended()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise ServerStoppedError(f"{self.name} is not running")
        return self._process

    def _wait_until_ready(self) -> None:
        limit = self._start_limit_s
        deadline = time.monotonic() + limit
        while not self._is_ready():
            status = self._started().poll()
            if status is not None:
                raise ServerStartError(f"{self.name} did not start: status {status}{self._last_words()}")
            if time.monotonic() > deadline:
                raise ServerStartError(
                    f"{self.name} was not ready after {limit:g} s{self._why()}; "
                    "raise --start-limit if it needs that long"
                )
            time.sleep(self.poll_s)

    def _read(self, lines: IO[str]) -> None:
        with self.log.open("w") as log, lines:
            for line in lines:
                log.write(line)
                log.flush()
                if reason := self._hear(line):
                    self._reasons.append(reason)

    def _join(self) -> None:
        if self._reader is not None:
            self._reader.join(timeout=5)

    def _last_words(self) -> str:
        """Why the process ended, once all that it said is heard."""
        self._join()
        return self._why()

    def _why(self) -> str:
        """What the server complained about, and where all of it is."""
        said = "; ".join(self._reasons)
        return f" ({said}; all it said is in {self.log})" if said else f" (its log is {self.log})"


def free_ports(host: str, wanted: Mapping[str, int]) -> list[int]:
    """The ports by the option that sets each, with zeros replaced by free ones, all of them different.

    Raises `ServerStartError` for one that is taken.
    """
    found = []
    with contextlib.ExitStack() as opened:
        for option, port in wanted.items():
            try:
                listener = socket.create_server((host, port))
            except OSError as error:
                raise ServerStartError(
                    f"port {port} cannot be used ({error.strerror}): a server may be running already; "
                    f"choose another one with {option}, or 0 for any"
                ) from error
            found.append(int(opened.enter_context(listener).getsockname()[1]))
    return found
