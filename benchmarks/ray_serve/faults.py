"""What it costs clients when a part of a server is killed: requests that fail, and how long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import msgspec

from benchmarks.serving.pictures import Array
from docmill.pipeline.convert.errors import BackendError
from docmill.resources.clients.triton import TritonModel, TritonServer

__all__ = ["Fault", "after_kill"]

_PAUSE_S = 1.0
_LONGEST_S = 240.0


class Fault(msgspec.Struct, frozen=True):
    """One kill under load. `silent_s`: the longest time in which no client had an answer.

    `failed` counts requests of three clients that wait for a second after each; `lost` those of a client with
    docmill's retries.
    """

    server: str
    killed: str
    failed: int
    lost: int
    silent_s: float


class _Client(threading.Thread):
    def __init__(self, model: TritonModel, requests: Sequence[list[Array]], over: threading.Event) -> None:
        super().__init__()
        self._model, self._requests, self._over = model, requests, over
        self.answers: list[float] = []
        self.failures = 0

    def run(self) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            try:
                self._model.infer(self._requests[number % len(self._requests)])
                self.answers.append(time.monotonic())
            except BackendError:
                self.failures += 1
                time.sleep(_PAUSE_S)


def after_kill(
    server: str,
    killed: str,
    url: str,
    name: str,
    requests: Sequence[list[Array]],
    kill: Callable[[], None],
    seconds: float,
) -> Fault:
    """Load a model with three clients that do not try again and one that does, and kill something amid it.

    Ends `seconds` after the kill, and not before all have answers again.
    """
    over = threading.Event()
    hasty = TritonServer(url, 60.0, 0, shared_memory="off")
    patient = TritonServer(url, 60.0, 200, _LONGEST_S, shared_memory="off")
    clients = [_Client(TritonModel(hasty, name, "", 1, 3), requests, over) for _ in range(3)]
    clients.append(_Client(TritonModel(patient, name, "", 1, 3), requests, over))
    for client in clients:
        client.start()
    try:
        _wait(lambda: all(client.answers for client in clients), _LONGEST_S)
        at = time.monotonic()
        kill()
        time.sleep(seconds)
        _wait(lambda: _all_answered_since(clients, at + seconds / 2), _LONGEST_S)
    finally:
        over.set()
        for client in clients:
            client.join()
    times = sorted(moment for client in clients for moment in client.answers if moment > at)
    silent = max(later - earlier for earlier, later in zip([at, *times], times, strict=False))
    failed = sum(client.failures for client in clients[:-1])
    return Fault(server, killed, failed, clients[-1].failures, silent)


def _all_answered_since(clients: Sequence[_Client], moment: float) -> bool:
    return all(client.answers[-1] > moment for client in clients)


def _wait(ready: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not come back")
        time.sleep(0.1)
