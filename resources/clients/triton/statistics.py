"""What a server has spent on a model, from its own counters.

Triton adds the time of each execution to `batch_stats` of its batch size once, however many requests were in
it: that is device time. (Its plain `compute_infer` counts a batch's time for each request in it.)
"""

from __future__ import annotations

import socket
from typing import Any

from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.server import TritonServer

__all__ = ["StatisticsReader", "read_counters"]

_CALL_S = 5.0


def read_counters(client: Any, model: str, version: str = "") -> Counters:
    """The counters of a model, of all its versions unless one is named.

    Raises tritonclient's InferenceServerException.
    """
    found = client.get_inference_statistics(model, version, client_timeout=_CALL_S).model_stats
    total = Counters()
    for stats in found:
        total += Counters(
            inferences=stats.inference_count,
            executions=stats.execution_count,
            requests=stats.inference_stats.success.count,
            device_ns=sum(batch.compute_infer.ns for batch in stats.batch_stats),
            queue_ns=stats.inference_stats.queue.ns,
            failures=stats.inference_stats.fail.count,
        )
    return total


class StatisticsReader:
    """Reads a model's counters, of all servers behind a name that has several addresses."""

    def __init__(self, server: TritonServer, client: Any, model: str, version: str) -> None:
        self._server = server
        self._client = client
        self._model = model
        self._version = version
        self._others: dict[str, Any] = {}

    def look_up(self) -> None:
        """Find out which servers there are now; those are read until the next time."""
        addresses = _addresses(self._server)
        # one address: the same connection as the requests', which may lead to one server of several
        wanted = addresses if len(addresses) > 1 else []
        for gone in self._others.keys() - set(wanted):
            self._others.pop(gone).close()
        for address in wanted:
            if address not in self._others:
                self._others[address] = connect(address)

    def read(self) -> Counters | None:
        """The counters; None when no server gives any."""
        from tritonclient.utils import InferenceServerException

        found: list[Counters] = []
        for client in list(self._others.values()) or [self._client]:
            try:
                found.append(read_counters(client, self._model, self._version))
            except InferenceServerException:
                continue  # it answers no requests either
        return sum(found, Counters()) if found else None

    def close(self) -> None:
        """Close the connections."""
        for client in [*self._others.values(), self._client]:
            client.close()
        self._others.clear()


def _addresses(server: TritonServer) -> list[str]:
    """host:port of each server behind the name; nothing where it does not resolve."""
    if server.is_local:
        return []
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    hosts = dict.fromkeys(str(entry[4][0]) for entry in found)
    return [f"[{host}]:{server.port}" if ":" in host else f"{host}:{server.port}" for host in hosts]
