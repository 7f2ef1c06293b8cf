"""The server's process: started with a time limit, watched, and stopped without losing an answer."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from docmill.resources.clients.vllm.metrics import is_healthy
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.local.vllm.environment import Environment
from docmill.resources.local.vllm.errors import VllmStartError, VllmStoppedError
from docmill.resources.local.vllm.places import VllmHome

__all__ = ["LocalVllm", "VllmSettings"]

_POLL_S = 0.25
_LINES_SHOWN = 3
#: After the drain the engine's own processes end.
_LINGER_S = 15.0


@dataclass(frozen=True)
class VllmSettings:
    """What to serve and how; docs/understanding-operation.md explains the options."""

    model: Path
    served_name: str
    port: int = 8000
    host: str = "127.0.0.1"
    max_model_len: int = 4096
    max_num_seqs: int = 16
    kv_cache_gb: int = 1
    start_limit_s: float = 300.0
    #: For requests in flight when the server is told to stop.
    exit_limit_s: int = 30


class LocalVllm:
    """A vLLM server on the CPU as a context manager: ready inside, gone outside."""

    def __init__(
        self,
        settings: VllmSettings,
        environment: Environment,
        home: VllmHome,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._home = home
        self._report = report
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._last: deque[str] = deque(maxlen=_LINES_SHOWN)
        self.port = settings.port

    def __enter__(self) -> LocalVllm:
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
    def url(self) -> str:
        """The server's address."""
        return f"http://{self._settings.host}:{self.port}"

    @property
    def pid(self) -> int:
        """The API server's process; the engine's is its child."""
        return self._started().pid

    @property
    def log(self) -> Path:
        """Everything that the server said."""
        return self._home.logs / f"server-{self.port}.log"

    def start(self) -> None:
        """Start and wait until the engine is ready: half a minute to two minutes.

        Raises `VllmStartError` when that takes too long or the server gives up.
        """
        self.port = self._free_port()
        self._last.clear()
        self._home.logs.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            self._command(),
            env=self._environment.variables(dict(os.environ), self._settings.kv_cache_gb),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for docmill, which then stops the server
        )
        _leave_one_processor(self._process.pid)
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        self._wait_until_ready()

    def wait(self, seconds: float | None = None) -> None:
        """Return after `seconds`; raise `VllmStoppedError` as soon as the server ends by itself."""
        try:
            status = self._started().wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise VllmStoppedError(f"the vLLM server ended with status {status}{self._why()}")

    def terminate(self) -> None:
        """Tell the server to stop: it takes no new requests and finishes those in flight."""
        self._started().terminate()

    def stop(self) -> None:
        """Let requests in flight finish within the exit limit, then end the server and its engine."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._settings.exit_limit_s + _LINGER_S)
        self.kill()

    def kill(self) -> None:
        """End the server at once, its engine included."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._reader is not None:
            self._reader.join(timeout=5)
        self._process = None

    def _command(self) -> list[str]:
        settings = self._settings
        return [
            *(str(self._environment.program), "serve", str(settings.model.resolve())),
            *("--served-model-name", settings.served_name),
            *("--host", settings.host, "--port", str(self.port)),
            *("--dtype", "float32", "--enforce-eager"),
            *("--max-model-len", str(settings.max_model_len), "--max-num-seqs", str(settings.max_num_seqs)),
            *("--limit-mm-per-prompt", '{"image":1}'),
            *("--shutdown-timeout", str(settings.exit_limit_s)),
        ]

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise VllmStoppedError("the vLLM server is not running")
        return self._process

    def _free_port(self) -> int:
        host, port = self._settings.host, self.port
        try:
            with socket.create_server((host, port)) as listener:
                return int(listener.getsockname()[1])
        except OSError as error:
            raise VllmStartError(
                f"port {port} cannot be used ({error.strerror}): a server may be running already; "
                "choose another one with --port, or 0 for any"
            ) from error

    def _wait_until_ready(self) -> None:
        limit = self._settings.start_limit_s
        deadline = time.monotonic() + limit
        while not is_healthy(VlmServer(self.url)):
            status = self._started().poll()
            if status is not None:
                raise VllmStartError(f"the vLLM server did not start: status {status}{self._why()}")
            if time.monotonic() > deadline:
                raise VllmStartError(
                    f"the vLLM server was not ready after {limit:g} s{self._why()}; raise --start-limit if "
                    "it needs that long"
                )
            time.sleep(_POLL_S)

    def _read(self, lines: IO[str]) -> None:
        with self.log.open("w") as log, lines:
            for line in lines:
                log.write(line)
                log.flush()
                if line.strip():
                    self._last.append(line.strip())
                    self._report(line.rstrip())

    def _why(self) -> str:
        """What the server said last, and where all of it is."""
        if self._reader is not None:
            self._reader.join(timeout=1)
        said = " / ".join(self._last)
        return f" ({said}; all it said is in {self.log})" if said else f" (its log is {self.log})"


def _leave_one_processor(pid: int) -> None:
    """Keep a server to all processors but one, where there are more.

    Its threads spin while they wait; beside them a client waits for its turn for a second at times.
    """
    if hasattr(os, "sched_setaffinity") and len(processors := sorted(os.sched_getaffinity(0))) > 1:
        with contextlib.suppress(ProcessLookupError):  # why it ended is found out later
            os.sched_setaffinity(pid, processors[:-1])
