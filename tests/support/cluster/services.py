"""What a cluster's network gives: names of services, and what is sent to them reaches a pod that is ready.

Services have addresses of loopback (`control_plane.SERVICES`). A forwarder listens at each whose pods listen
at another port, as kube-proxy has rules for each, and every container has the names in its file of hosts, as
the cluster's DNS would tell them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernetes import client

from tests.support.cluster.machines.forwarding import pass_on

__all__ = ["Backends", "Services"]

#: The ports of the pods that are ready, by the service and its port.
Backends = Callable[[Any, Any], list[int]]
_LOOK_S = 0.3


@dataclass
class Services:
    """Use as a context manager."""

    api: client.ApiClient
    backends: Backends
    #: Of the files that containers have as /etc/hosts, one a namespace.
    folder: Path
    _known: list[Any] = field(default_factory=list)
    _servers: dict[tuple[str, int], asyncio.Server] = field(default_factory=dict)
    _open: set[asyncio.Task[Any]] = field(default_factory=set)

    def __enter__(self) -> Services:
        self.folder.mkdir()
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="services", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._follow())

    async def _follow(self) -> None:
        while not self._ended.is_set():
            with suppress(Exception):  # the API server may be away for a while
                found = await asyncio.to_thread(client.CoreV1Api(self.api).list_service_for_all_namespaces)
                self._name(found.items)
                await self._listen(found.items)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _LOOK_S)
        for server in self._servers.values():
            server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def hosts(self, namespace: str) -> Path:
        """The file for containers of a namespace: its own services have short names there."""
        file = self.folder / namespace
        if not file.exists():
            file.write_text(self._lines(namespace))
        return file

    def _name(self, services: list[Any]) -> None:
        self._known = services
        for file in self.folder.iterdir():
            text = self._lines(file.name)
            if file.read_text() != text:
                file.write_text(text)  # in place: it is mounted into containers

    def _lines(self, namespace: str) -> str:
        lines = ["127.0.0.1 localhost"]
        for service in self._known:
            name, space = service.metadata.name, service.metadata.namespace
            address = "127.0.0.1" if self._is_pods(service) else service.spec.cluster_ip
            full = f"{name}.{space}.svc.cluster.local {name}.{space}.svc {name}.{space}"
            lines.append(f"{address} {full} {name}" if space == namespace else f"{address} {full}")
        return "\n".join(lines) + "\n"

    def _is_pods(self, service: Any) -> bool:
        """Whether its name is its pods' address, which is the machine's: it has none, or none is needed.

        A pod that listens at a port of every address could not where a forwarder listens at one of them.
        """
        if service.spec.type == "ExternalName" or service.spec.cluster_ip == "None":
            return True
        return bool(service.spec.selector) and all(
            port.port in self.backends(service, port) for port in service.spec.ports
        )

    async def _listen(self, services: list[Any]) -> None:
        wanted = {
            (service.spec.cluster_ip, port.port): (service, port)
            for service in services
            if service.spec.selector and service.spec.cluster_ip not in (None, "None")
            for port in service.spec.ports
            if port.port not in (self.backends(service, port) or [port.port])
        }
        for place in self._servers.keys() - wanted.keys():
            self._servers.pop(place).close()
        for place in wanted.keys() - self._servers.keys():
            service, port = wanted[place]
            self._servers[place] = await asyncio.start_server(self._forward(service, port), *place)

    def _forward(self, service: Any, port: Any) -> Callable[..., Any]:
        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._open.add(task)
            task.add_done_callback(self._open.discard)
            try:
                targets = self.backends(service, port)
                if not targets:
                    return
                await pass_on(reader, writer, targets[0])
            except OSError:
                return
            finally:
                writer.close()

        return forward
