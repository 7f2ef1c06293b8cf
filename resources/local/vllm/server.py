"""A vLLM server of ours: its command, when its engine is ready, and room for its clients on the CPU."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from docmill.resources.clients.vllm.metrics import is_healthy
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.local.places import ServerHome
from docmill.resources.local.server_process import ServerProcess, free_ports
from docmill.resources.local.vllm.environment import Environment

__all__ = ["LocalVllm", "VllmSettings"]


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


class LocalVllm(ServerProcess):
    """A vLLM server on the CPU; ready after half a minute to two minutes.

    Its process is the API server's; the engine's is its child.
    """

    name = "the vLLM server"
    poll_s = 0.25
    linger_s = 15.0  # after the drain the engine's own processes end

    def __init__(
        self,
        settings: VllmSettings,
        environment: Environment,
        home: ServerHome,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(settings.start_limit_s, settings.exit_limit_s)
        self._settings = settings
        self._environment = environment
        self._home = home
        self._report = report
        self.port = settings.port

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://{self._settings.host}:{self.port}"

    @property
    def log(self) -> Path:
        """Everything that the server said."""
        return self._home.logs / f"server-{self.port}.log"

    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        settings = self._settings
        [self.port] = free_ports(settings.host, {"--port": self.port})
        command = [
            *(str(self._environment.program), "serve", str(settings.model.resolve())),
            *("--served-model-name", settings.served_name),
            *("--host", settings.host, "--port", str(self.port)),
            *("--dtype", "float32", "--enforce-eager"),
            *("--max-model-len", str(settings.max_model_len), "--max-num-seqs", str(settings.max_num_seqs)),
            *("--limit-mm-per-prompt", '{"image":1}'),
            *("--shutdown-timeout", str(settings.exit_limit_s)),
        ]
        return command, self._environment.variables(dict(os.environ), settings.kv_cache_gb)

    def _launched(self, pid: int) -> None:
        _leave_one_processor(pid)

    def _is_ready(self) -> bool:
        return is_healthy(VlmServer(self.url))

    def _hear(self, line: str) -> str | None:
        words = line.rstrip()
        if words:
            self._report(words)
        return words.strip() or None


def _leave_one_processor(pid: int) -> None:
    """Keep a server to all processors but one, where there are more.

    Its threads spin while they wait; beside them a client waits for its turn for a second at times.
    """
    if hasattr(os, "sched_setaffinity") and len(processors := sorted(os.sched_getaffinity(0))) > 1:
        with contextlib.suppress(ProcessLookupError):  # why it ended is found out later
            os.sched_setaffinity(pid, processors[:-1])
