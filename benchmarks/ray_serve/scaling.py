"""How Ray Serve scales a model by its requests: from none, to a second replica, and back to none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import psutil

from benchmarks.ray_serve.made_models import SLEEPER
from benchmarks.serving import server_tree
from docmill.pipeline.convert.errors import BackendError
from docmill.resources.clients.triton import TritonModel, TritonServer

__all__ = ["RULES", "Answer", "Scaling", "first_of_another", "measure_scaling"]

#: Of the model that is scaled: short waits, so that a round takes a minute. `docs/ray-or-triton.md` has them.
RULES: Mapping[str, Any] = {
    "min_replicas": 0,
    "max_replicas": 2,
    "target_ongoing_requests": 2,
    "upscale_delay_s": 2,
    "downscale_delay_s": 5,
    "look_back_period_s": 4,
}
_STEP = 8
_STEADY_S = 6.0
_LONGEST_S = 180.0
_PAUSE_S = 0.2
_LOOK_S = 0.1
_REPLICA = f"ray::ServeReplica:docmill:{SLEEPER}"


class Scaling(msgspec.Struct, frozen=True):
    """One round, in seconds.

    From none: from the first request to its answer. Up: from eight clients in place of one to the first
    answer of a second replica. Down: from one client in place of eight to one replica's being gone. To none:
    from the end of the load to the other's. `answers` are the whole round's, which tries nothing again.
    """

    from_none_s: float
    up_s: float
    down_s: float
    to_none_s: float
    answers: int
    failed: int
    before_per_s: float
    after_per_s: float


@dataclass(frozen=True)
class Answer:
    """When, and which process it was of."""

    at: float
    process: int


def first_of_another(answers: Sequence[Answer], since: float) -> float | None:
    """Seconds from a moment to the first answer by a process that had answered nothing before it."""
    known = {each.process for each in answers if each.at <= since}
    new = [each.at - since for each in answers if each.at > since and each.process not in known]
    return min(new, default=None)


class _Clients:
    """So many clients at once, each asking again when it is answered; failures are counted."""

    def __init__(self, url: str) -> None:
        # a model has a lock for its connection: one a client
        self._server = TritonServer(url, _LONGEST_S, 0, shared_memory="off")
        self.answers: list[Answer] = []
        self.failed = 0

    @contextmanager
    def asking(self, count: int) -> Iterator[None]:
        """Until the end of the block, and then until each has its last answer."""
        over = threading.Event()
        threads = [threading.Thread(target=self._ask, args=(over,)) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _ask(self, over: threading.Event) -> None:
        model = TritonModel(self._server, SLEEPER, "", 1, 1)
        while not over.is_set():
            try:
                [process] = model.infer([np.zeros((1, 16), np.uint8)])
                self.answers.append(Answer(time.monotonic(), int(process.flat[0])))
            except BackendError:
                self.failed += 1
                time.sleep(_PAUSE_S)


def measure_scaling(url: str, pid: int) -> Scaling:
    """One round on a running server. Raises `TimeoutError` when something does not come."""
    clients = _Clients(url)
    _wait(lambda: _replicas(pid) == 0)
    began = time.monotonic()
    with clients.asking(1):
        _wait(lambda: bool(clients.answers))
        from_none = clients.answers[0].at - began
        steady = time.monotonic()
        time.sleep(_STEADY_S)
        step = time.monotonic()
        with clients.asking(_STEP - 1):
            _wait(lambda: first_of_another(clients.answers, step) is not None)
            up, two = first_of_another(clients.answers, step), time.monotonic()
            time.sleep(_STEADY_S)
            eased = time.monotonic()
        _wait(lambda: _replicas(pid) == 1)
        down = time.monotonic() - eased
        ended = time.monotonic()
    _wait(lambda: _replicas(pid) == 0)
    none = time.monotonic() - ended
    assert up is not None
    return Scaling(
        *(from_none, up, down, none, len(clients.answers), clients.failed),
        *(_rate(clients.answers, steady, step), _rate(clients.answers, two, eased)),
    )


def _rate(answers: Sequence[Answer], since: float, until: float) -> float:
    return sum(since < each.at <= until for each in answers) / (until - since)


def _replicas(pid: int) -> int:
    """Of the model that is scaled. Ray names its processes."""
    found = 0
    for process in server_tree.tree(pid)[1:]:
        with suppress(psutil.NoSuchProcess):
            found += _REPLICA in " ".join(process.cmdline())
    return found


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONGEST_S
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{SLEEPER} was not scaled within {_LONGEST_S:g} s")
        time.sleep(_LOOK_S)
