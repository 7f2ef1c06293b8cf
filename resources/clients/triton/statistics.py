"""What a server has spent on a model, from its own counters.

Triton adds the time of each execution to `batch_stats` of its batch size once, however many requests were in
it: that is device time. (Its plain `compute_infer` counts a batch's time for each request in it.) The growth
over a window divided by the inferences in it is the device time of one inference, whoever else was served.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.server import TritonServer

__all__ = ["Counters", "StatisticsReader", "UsageMeter", "Window", "read_counters"]

_CALL_S = 5.0
#: The server counts an execution shortly after it has sent the answers.
_SETTLE_S = 0.5
_POLL_S = 0.01


@dataclass(frozen=True)
class Counters:
    """Totals since a model was loaded: nanoseconds, and what they were spent on."""

    inferences: int = 0
    executions: int = 0
    requests: int = 0
    device_ns: int = 0
    queue_ns: int = 0

    def __add__(self, other: Counters) -> Counters:
        return Counters(
            self.inferences + other.inferences,
            self.executions + other.executions,
            self.requests + other.requests,
            self.device_ns + other.device_ns,
            self.queue_ns + other.queue_ns,
        )

    def since(self, before: Counters) -> Counters:
        """The growth; all of it when the counters began anew, since the server or the model was restarted."""
        if self.inferences < before.inferences or self.device_ns < before.device_ns:
            return self
        return Counters(
            self.inferences - before.inferences,
            self.executions - before.executions,
            self.requests - before.requests,
            self.device_ns - before.device_ns,
            self.queue_ns - before.queue_ns,
        )


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


class Window:
    """A stretch of time in which a client counts its own inferences and the server those of all."""

    def __init__(self, reader: StatisticsReader) -> None:
        self._reader = reader
        reader.look_up()
        self._before = reader.read()

    def seconds(self, own: int) -> float | None:
        """The device seconds of `own` inferences made in the window; None when the server does not say."""
        if self._before is None:
            return None
        deadline = time.monotonic() + _SETTLE_S
        while (after := self._reader.read()) is not None:
            grown = after.since(self._before)
            if grown.inferences >= own or time.monotonic() > deadline:
                return own * grown.device_ns / grown.inferences / 1e9 if grown.inferences else None
            time.sleep(_POLL_S)
        return None


class UsageMeter:
    """What the server spends on a model for one client in a window of time.

    `inferences()` is how many of the client's own it has answered so far.
    """

    def __init__(self, model: str, reader: StatisticsReader, inferences: Callable[[], int]) -> None:
        self._model = model
        self._inferences = inferences
        self._before = inferences()
        self._window = Window(reader)

    def close(self) -> dict[str, float]:
        """Device seconds by the model's name; empty when there were none or the server does not say."""
        own = self._inferences() - self._before
        seconds = self._window.seconds(own) if own else None
        return {} if seconds is None else {self._model: seconds}


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
