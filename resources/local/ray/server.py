"""A Ray Serve server of ours: its command, when its models answer, and what of its processes outlives it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docmill.resources.local.kserve_server import KServePorts, KServeServer
from docmill.resources.local.places import ServerHome
from docmill.resources.local.ray.environment import Environment
from docmill.resources.local.ray.places import Shipped
from docmill.resources.local.server_process import free_ports

__all__ = ["LocalRay", "RaySettings"]

#: Workers end by themselves once their raylet has.
_GONE_S = 5.0


@dataclass(frozen=True)
class RaySettings:
    """What to serve and how; docs/ray-or-triton.md says when."""

    #: A model repository as Triton has it.
    repository: Path
    models: tuple[str, ...]
    ports: KServePorts = field(default_factory=KServePorts)
    host: str = "127.0.0.1"
    #: Threads of one replica of a model; 0: as many as there are cores.
    threads: int = 0
    start_limit_s: float = 300.0
    #: For requests in flight when the server is told to stop.
    exit_limit_s: int = 15
    #: Ray Serve's options of models, by name, as `of_models` in deploy/ray/serve.yaml.
    of_models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class LocalRay(KServeServer[KServePorts]):
    """A Ray with docmill's application. Its process starts Ray, and starts it anew when it is lost."""

    name = "the Ray Serve server"
    poll_s = 0.25
    linger_s = 20.0  # deployments go one after another
    answer_limit_s = 5.0

    def __init__(
        self,
        settings: RaySettings,
        environment: Environment,
        source: Shipped,
        home: ServerHome,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        limits = settings.start_limit_s, settings.exit_limit_s
        super().__init__(*limits, settings.host, settings.ports, home.logs)
        self._settings = settings
        self._environment = environment
        self._source = source
        self._report = report
        self._folder: Path | None = None
        self._deployed = 0

    @property
    def deployments(self) -> int:
        """How often the application has been deployed, or Ray started anew with it."""
        return self._deployed

    def redeploy(self) -> None:
        """Deploy what the repository has now, replica by replica; `deployments` grows when it is done."""
        os.kill(self.pid, signal.SIGHUP)

    def kill(self) -> None:
        """End the server at once, and its own processes: Ray's workers have process groups of their own."""
        session = self._process.pid if self._process else 0
        super().kill()
        deadline = time.monotonic() + _GONE_S
        while session and (left := _of_session(session)) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        settings, wanted = self._settings, self._settings.ports
        self.ports = KServePorts(
            *free_ports(settings.host, {"--http-port": wanted.http, "--grpc-port": wanted.grpc})
        )
        self._deployed = 0
        # not in docmill's home: the paths of Ray's sockets may have 107 characters
        self._folder = Path(tempfile.mkdtemp(prefix="docmill-ray-"))
        overrides = self._folder / "overrides.json"
        overrides.write_text(
            json.dumps(
                {
                    "repository": str(settings.repository.resolve()),
                    "models": list(settings.models),
                    "host": settings.host,
                    "http_port": self.ports.http,
                    "grpc_port": self.ports.grpc,
                    "threads": settings.threads,
                    "grace_s": settings.exit_limit_s,
                    "of_models": settings.of_models,
                }
            )
        )
        command = [
            *(str(self._environment.python), "-m", "docmill_ray"),
            *(str(self._source.config), str(overrides), str(self._folder)),
        ]
        return command, self._environment.variables(dict(os.environ))

    def _is_ready(self) -> bool:
        return bool(self._deployed) and super()._is_ready()

    def _hear(self, line: str) -> str | None:
        words = line.rstrip()
        if words in ("ready", "deployed anew"):
            self._deployed += 1
        if words:
            self._report(words)
        return words.strip() if "ERROR" in words or "Error" in words else None

    def _ended(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _of_session(session: int) -> list[int]:
    """The processes that a process and those below it have started, whatever became of their parents."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(process.name))
    return found
