"""The server's process: started with a time limit, watched, proved to work, and stopped cleanly."""

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

import httpx2

from docmill.resources.clients.certificates import certificates
from docmill.resources.local.triton.canary import CANARY, check_canary, write_canary
from docmill.resources.local.triton.environment import Environment
from docmill.resources.local.triton.errors import TritonStartError, TritonStoppedError
from docmill.resources.local.triton.logs import Entry, read_line
from docmill.resources.local.triton.places import TritonHome

__all__ = ["LocalServer", "Ports", "ServerSettings"]

_POLL_S = 0.1
_ERRORS_SHOWN = 3
_SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Ports:
    """The server's ports; 0 takes any that is free."""

    http: int = 8000
    grpc: int = 8001
    metrics: int = 8002


@dataclass(frozen=True)
class ServerSettings:
    """What to serve and how; `models` are loaded at the start, others on demand through Triton's own API."""

    repository: Path
    models: tuple[str, ...]
    ports: Ports = Ports()
    host: str = "127.0.0.1"
    #: Threads of one model instance of the local onnxruntime backend; 0: as many as there are cores.
    threads: int = 0
    start_limit_s: float = 180.0
    #: For requests in flight when the server is told to stop.
    exit_limit_s: int = 30


class LocalServer:
    """A Triton server as a context manager: ready and proved inside, gone outside."""

    def __init__(
        self,
        settings: ServerSettings,
        environment: Environment,
        home: TritonHome,
        report: Callable[[Entry], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._home = home
        self._report = report
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._errors: deque[str] = deque(maxlen=_ERRORS_SHOWN)
        self.ports = settings.ports

    def __enter__(self) -> LocalServer:
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
        """host:port of the gRPC service."""
        return f"{self._settings.host}:{self.ports.grpc}"

    @property
    def http_url(self) -> str:
        """Address of the HTTP service."""
        return f"http://{self._settings.host}:{self.ports.http}"

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._started().pid

    @property
    def log(self) -> Path:
        """Everything that the server said."""
        return self._home.logs / f"server-{self.ports.grpc}.log"

    def start(self) -> None:
        """Start, wait until every model is ready, and check that tensors arrive.

        Raises `TritonStartError` when that takes too long or the server gives up, `CanaryError` when its
        answers are wrong.
        """
        self.ports = self._free_ports()
        self._errors.clear()
        write_canary(self._home.canary)
        self._home.logs.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            self._command(),
            env=self._environment.variables(dict(os.environ))
            | {"DOCMILL_TRITON_THREADS": str(self._settings.threads)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for docmill, which then stops the server
        )
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        self._wait_until_ready()
        check_canary(self.url)
        self._unload_canary()

    def wait(self, seconds: float | None = None) -> None:
        """Return after `seconds`; raise `TritonStoppedError` as soon as the server ends by itself."""
        try:
            status = self._started().wait(seconds)
        except subprocess.TimeoutExpired:
            return
        self._join()
        raise TritonStoppedError(f"the Triton server ended with status {status}{self._why()}")

    def stop(self) -> None:
        """Let requests in flight finish within the exit limit, then end the server and its stubs."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                # Triton counts whole seconds, and unloads its models after the last one
                self._process.wait(self._settings.exit_limit_s + 5)
        self.kill()

    def kill(self) -> None:
        """End the server at once, its stubs included, and remove the shared memory they leave behind."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._join()
        for left in _SHARED_MEMORY.glob(f"{self._shared_memory}*"):
            left.unlink(missing_ok=True)
        self._process = None

    def _command(self) -> list[str]:
        settings, ports = self._settings, self.ports
        return [
            str(self._environment.program),
            f"--model-repository={settings.repository.resolve()}",
            f"--model-repository={self._home.canary.resolve()}",
            f"--backend-directory={self._environment.backends.resolve()}",
            f"--cache-directory={self._environment.server / 'caches'}",
            "--model-control-mode=explicit",
            *(f"--load-model={model}" for model in (*settings.models, CANARY)),
            *(f"--{kind}-address={settings.host}" for kind in ("http", "grpc", "metrics")),
            *(f"--http-port={ports.http}", f"--grpc-port={ports.grpc}", f"--metrics-port={ports.metrics}"),
            f"--exit-timeout-secs={settings.exit_limit_s}",
            f"--backend-config=python,shm-region-prefix-name={self._shared_memory}",
        ]

    @property
    def _shared_memory(self) -> str:
        return f"docmill-triton-{os.getpid()}-{self.ports.grpc}-"

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise TritonStoppedError("the Triton server is not running")
        return self._process

    def _free_ports(self) -> Ports:
        """The ports with their zeros replaced. Raises `TritonStartError` for one that is taken."""
        wanted = self._settings.ports
        with contextlib.ExitStack() as opened:
            found = []
            for kind in ("http", "grpc", "metrics"):
                port = getattr(wanted, kind)
                try:
                    listener = socket.create_server((self._settings.host, port))
                except OSError as error:
                    raise TritonStartError(
                        f"port {port} cannot be used ({error.strerror}): a server may be running already; "
                        f"choose another one with --{kind}-port, or 0 for any"
                    ) from error
                found.append(int(opened.enter_context(listener).getsockname()[1]))
        return Ports(*found)

    def _wait_until_ready(self) -> None:
        limit = self._settings.start_limit_s
        deadline = time.monotonic() + limit
        while not self._is_ready():
            status = self._started().poll()
            if status is not None:
                self._join()
                raise TritonStartError(f"the Triton server did not start: status {status}{self._why()}")
            if time.monotonic() > deadline:
                raise TritonStartError(
                    f"the Triton server was not ready after {limit:g} s{self._why()}; "
                    "raise --start-limit if its models take that long to load"
                )
            time.sleep(_POLL_S)

    def _is_ready(self) -> bool:
        try:
            answer = httpx2.get(f"{self.http_url}/v2/health/ready", timeout=2, verify=certificates())
        except httpx2.HTTPError:
            return False
        return answer.status_code == httpx2.codes.OK

    def _unload_canary(self) -> None:
        address = f"{self.http_url}/v2/repository/models/{CANARY}/unload"
        # it does no harm when it stays
        with contextlib.suppress(httpx2.HTTPError):
            httpx2.post(address, json={}, timeout=10, verify=certificates())

    def _read(self, lines: IO[str]) -> None:
        gpu = Path("/dev/nvidiactl").exists()
        with self.log.open("w") as log, lines:
            for line in lines:
                log.write(line)
                log.flush()
                entry = read_line(line, gpu)
                if entry.level == "error" and entry.notable:
                    self._errors.append(entry.words)
                self._report(entry)

    def _join(self) -> None:
        if self._reader is not None:
            self._reader.join(timeout=5)

    def _why(self) -> str:
        """What the server complained about, and where all of it is."""
        said = "; ".join(words.splitlines()[0] for words in self._errors)
        return f" ({said}; all it said is in {self.log})" if said else f" (its log is {self.log})"
