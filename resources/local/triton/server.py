"""A Triton server of ours: its command, when it is ready, and the proof that its tensors arrive."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2

from docmill.resources.clients.certificates import certificates
from docmill.resources.local.errors import ServerPathError
from docmill.resources.local.kserve_server import KServePorts, KServeServer
from docmill.resources.local.server_process import free_ports
from docmill.resources.local.triton.canary import CANARY, check_canary, write_canary
from docmill.resources.local.triton.environment import Environment
from docmill.resources.local.triton.logs import Entry, read_line
from docmill.resources.local.triton.places import TritonHome

__all__ = ["LocalServer", "Ports", "ServerSettings"]

_SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Ports(KServePorts):
    """The same, and that of the metrics."""

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
    #: What takes the server's spans of those requests that are in a trace; empty: nothing.
    traces: str = ""


class LocalServer(KServeServer[Ports]):
    """A Triton server, proved to work. Its own processes are the stubs of models in Python."""

    name = "the Triton server"
    poll_s = 0.1
    linger_s = 5.0  # Triton counts whole seconds, and unloads its models after the last one

    def __init__(
        self,
        settings: ServerSettings,
        environment: Environment,
        home: TritonHome,
        report: Callable[[Entry], None] = lambda _: None,
    ) -> None:
        limits = settings.start_limit_s, settings.exit_limit_s
        super().__init__(*limits, settings.host, settings.ports, home.logs)
        self._settings = settings
        self._environment = environment
        self._home = home
        self._report = report
        self._gpu = Path("/dev/nvidiactl").exists()

    def start(self) -> None:
        """Start, wait until every model is ready, and check that tensors arrive.

        Raises `ServerPathError` for a folder that it cannot work with, `ServerStartError` when it takes too
        long or the server gives up, `CanaryError` when its answers are wrong.
        """
        super().start()
        check_canary(self.url)
        self._unload_canary()

    def _ended(self) -> None:
        for left in _SHARED_MEMORY.glob(f"{self._shared_memory}*"):
            left.unlink(missing_ok=True)

    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        settings, wanted = self._settings, self._settings.ports
        _check_names(settings.repository, self._home.canary, self._environment.backends)
        options = {"--http-port": wanted.http, "--grpc-port": wanted.grpc, "--metrics-port": wanted.metrics}
        self.ports = Ports(*free_ports(settings.host, options))
        write_canary(self._home.canary)
        command = [
            str(self._environment.program),
            f"--model-repository={settings.repository.resolve()}",
            f"--model-repository={self._home.canary.resolve()}",
            f"--backend-directory={self._environment.backends.resolve()}",
            f"--cache-directory={self._environment.server / 'caches'}",
            "--model-control-mode=explicit",
            *(f"--load-model={model}" for model in (*settings.models, CANARY)),
            *(f"--{kind}-address={settings.host}" for kind in ("http", "grpc", "metrics")),
            *(f"--{kind}-port={getattr(self.ports, kind)}" for kind in ("http", "grpc", "metrics")),
            f"--exit-timeout-secs={settings.exit_limit_s}",
            f"--backend-config=python,shm-region-prefix-name={self._shared_memory}",
            *(f"--trace-config={each}" for each in _trace_settings(settings.traces)),
        ]
        threads = {"DOCMILL_TRITON_THREADS": str(settings.threads)}
        return command, self._environment.variables(dict(os.environ)) | threads

    def _unload_canary(self) -> None:
        address = f"{self.http_url}/v2/repository/models/{CANARY}/unload"
        # it does no harm when it stays
        with contextlib.suppress(httpx2.HTTPError):
            httpx2.post(address, json={}, timeout=10, verify=certificates())

    def _hear(self, line: str) -> str | None:
        entry = read_line(line, self._gpu)
        self._report(entry)
        return entry.words.partition("\n")[0] if entry.level == "error" and entry.notable else None

    @property
    def _shared_memory(self) -> str:
        return f"docmill-triton-{os.getpid()}-{self.ports.grpc}-"


def _trace_settings(address: str) -> list[str]:
    """Spans of requests that come with a trace of their own, and of none else (`rate=0`)."""
    if not address:
        return []
    return ["mode=opentelemetry", f"opentelemetry,url={address}", "level=TIMESTAMPS", "rate=0", "count=-1"]


def _check_names(*folders: Path) -> None:
    """Triton hands them to its processes for Python in a command line without quotes, and those die."""
    for folder in folders:
        if any(letter.isspace() for letter in str(folder.resolve())):
            raise ServerPathError(
                f"Triton cannot serve models in Python from a folder with a space in its name: {folder}; "
                "give a --repository without one, and set DOCMILL_HOME to a folder without one"
            )
