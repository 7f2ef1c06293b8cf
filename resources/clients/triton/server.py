"""Where a Triton server is, and how to bear with it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from docmill.pipeline.convert.errors import BackendConfigError

__all__ = ["Choice", "TritonServer"]

#: `auto`: where the server is on this machine.
Choice = Literal["auto", "on", "off"]

_URL = re.compile(r"(dns:///)?(\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+):\d{1,5}")


@dataclass(frozen=True)
class TritonServer:
    """Settings of the client.

    `deadline_s` limits one request, its wait in the server's queue included. `retries` are made after a
    request that another attempt may save, and none later than `patience_s` after the first; a server that
    has given no sign of life for `patience_s` is given up. At most `in_flight` requests of one worker are
    under way at once, fewer while answers take long. `shared_memory`: inputs of a server on this machine
    need not travel through the connection. `recover`: load a model anew whose process on the server has died.
    """

    url: str = "localhost:8001"
    deadline_s: float = 60.0
    retries: int = 10
    patience_s: float = 45.0
    in_flight: int = 8
    shared_memory: Choice = "auto"
    recover: Choice = "auto"

    def __post_init__(self) -> None:
        """Raise `BackendConfigError` for what is no host and port."""
        if not _URL.fullmatch(self.url):
            raise BackendConfigError(
                f"{self.url!r} is no address of a Triton server: give host:port of its gRPC service, "
                "such as localhost:8001"
            )

    @property
    def host(self) -> str:
        """The host's name or address, without brackets."""
        return self.url.removeprefix("dns:///").rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port."""
        return int(self.url.rpartition(":")[2])

    @property
    def is_local(self) -> bool:
        """Whether the address is one of this machine's own, which nobody else reaches."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def wants(self, choice: Choice) -> bool:
        """What a choice comes to with this server."""
        return choice == "on" or (choice == "auto" and self.is_local)
