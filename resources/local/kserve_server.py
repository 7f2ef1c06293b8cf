"""A server on this machine that speaks KServe v2: where it answers, and when it is ready."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import httpx2

from docmill.resources.clients.certificates import certificates
from docmill.resources.local.server_process import ServerProcess

__all__ = ["KServePorts", "KServeServer"]


@dataclass(frozen=True)
class KServePorts:
    """The server's ports; 0 takes any that is free."""

    http: int = 8000
    grpc: int = 8001


P = TypeVar("P", bound=KServePorts)


class KServeServer(ServerProcess, Generic[P]):
    """One at a host and ports, which a start may change: it finds those that are free."""

    #: Seconds for the answer to whether it is ready.
    answer_limit_s = 2.0

    def __init__(self, start_limit_s: float, exit_limit_s: float, host: str, ports: P, logs: Path) -> None:
        super().__init__(start_limit_s, exit_limit_s)
        self.ports = ports
        self._host = host
        self._logs = logs

    @property
    def url(self) -> str:
        """host:port of the gRPC service."""
        return f"{self._host}:{self.ports.grpc}"

    @property
    def http_url(self) -> str:
        """Address of the HTTP service."""
        return f"http://{self._host}:{self.ports.http}"

    @property
    def log(self) -> Path:
        """Everything that the server said."""
        return self._logs / f"server-{self.ports.grpc}.log"

    def _is_ready(self) -> bool:
        address = f"{self.http_url}/v2/health/ready"
        try:
            answer = httpx2.get(address, timeout=self.answer_limit_s, verify=certificates())
        except httpx2.HTTPError:
            return False
        return answer.status_code == httpx2.codes.OK
