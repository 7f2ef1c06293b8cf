"""Rounds of load on one model of both servers, in turn, and what a request costs one beside the other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from benchmarks.ray_serve.made_models import AT_ONCE, PAGE
from benchmarks.ray_serve.servers import Side
from benchmarks.serving import server_tree
from benchmarks.serving.load import apply_load
from benchmarks.serving.pictures import Array, requests, tensor_counts
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.statistics import StatisticsReader

__all__ = ["LAYOUT", "STRUCTURE", "Compared", "Round", "Served", "compared", "measured"]

LAYOUT, STRUCTURE = "layout_cdla", "slanet_plus"
_REQUESTS = 8
_DEADLINE_S = 300.0
_TABLES_OF_A_PAGE = 2
_WARM_S = 0.5


class Round(msgspec.Struct, frozen=True):
    """A few seconds of load.

    A request's `cpu_ms` is of all the server's processes, `asked_cpu_ms` that without what an idle server
    takes in the same time; `device_ms` is what the server says of its model.
    """

    requests: int
    per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_ms: float
    asked_cpu_ms: float
    device_ms: float
    average_batch: float


class Served(msgspec.Struct, frozen=True):
    """One server, model and number of clients."""

    server: str
    model: str
    clients: int
    rounds: list[Round]

    def median(self, name: str) -> float:
        """Of a field of the rounds."""
        return float(statistics.median(getattr(each, name) for each in self.rounds))


class Compared(msgspec.Struct, frozen=True):
    """The second server beside the first, round by round: answers a second, and CPU of a request."""

    model: str
    clients: int
    speed_ratios: list[float]
    cpu_ratios: list[float]


def measured(
    sides: Sequence[Side], name: str, model: str, clients: Sequence[int], seconds: float, rounds: int
) -> Iterator[Served]:
    """Every number of clients on each side, in turn, when both are warm. `name`: that of `model` here."""
    given = _requests(sides[0].url, model)
    for side in sides:
        _round(side, model, given, 1, _WARM_S)
    for count in clients:
        found: Mapping[str, list[Round]] = {side.name: [] for side in sides}
        for number in range(rounds):
            for side in sides if number % 2 else sides[::-1]:
                found[side.name].append(_round(side, model, given, count, seconds))
        for server, each in found.items():
            yield Served(server, name, count, each)


def compared(first: Served, second: Served) -> Compared:
    """Of the same model and clients."""
    pairs = list(zip(first.rounds, second.rounds, strict=True))
    return Compared(
        *(second.model, second.clients),
        speed_ratios=[after.per_s / before.per_s for before, after in pairs],
        cpu_ratios=[after.asked_cpu_ms / before.asked_cpu_ms for before, after in pairs],
    )


def _requests(url: str, model: str) -> list[list[Array]]:
    if model == AT_ONCE:
        return requests(url, LAYOUT, 1, _REQUESTS)
    if model != PAGE:
        return requests(url, model, 1, _REQUESTS)
    tables = requests(url, STRUCTURE, _TABLES_OF_A_PAGE, _REQUESTS)
    return [[*page, *own] for page, own in zip(requests(url, LAYOUT, 1, _REQUESTS), tables, strict=True)]


def _round(side: Side, name: str, given: Sequence[list[Array]], clients: int, seconds: float) -> Round:
    settings = TritonServer(side.url, _DEADLINE_S, in_flight=64, shared_memory="off")
    client = connect(side.url)
    inputs, outputs = tensor_counts(client, name)
    model = TritonModel(settings, name, "", inputs, outputs)
    reader = StatisticsReader(settings, client, name, "")
    before, began = server_tree.cpu_seconds(side.pid), time.monotonic()
    figures = apply_load(model, reader, given, clients, seconds)
    spent = server_tree.grown(before, server_tree.cpu_seconds(side.pid))
    idle = side.idle_cores * (time.monotonic() - began)
    each = 1000 / figures.requests
    client.close()
    return Round(
        *(figures.requests, figures.items_per_s, figures.p50_ms, figures.p95_ms),
        *(figures.p99_ms or 0.0, each * spent, each * (spent - idle), figures.device_ms or 0.0),
        figures.average_batch or 0.0,
    )
