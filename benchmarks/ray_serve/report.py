"""What was measured, as JSON and as tables."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.harness.result import Noise
from benchmarks.metrics.environment import Environment
from benchmarks.ray_serve.faults import Fault
from benchmarks.ray_serve.scaling import Scaling
from benchmarks.ray_serve.served import Compared, Served
from benchmarks.ray_serve.servers import Beginning

__all__ = ["Report", "show"]


class Report(msgspec.Struct, frozen=True):
    """Everything, where and when, and what else the machine did meanwhile."""

    environment: Environment
    date: str
    threads: int
    beginnings: list[Beginning]
    served: list[Served]
    compared: list[Compared]
    scalings: list[Scaling]
    faults: list[Fault]
    noise: Noise


_BEGINNING = ("", "models", "ready, s", "CPU until then, s", "idle: MB", "cores", "processes")
_SERVED = ("model", "clients", "", "/s", "p50, p95, p99 ms", "CPU ms", "device ms", "batch")
_COMPARED = ("model", "clients", "answers a second", "CPU a request")
_SCALING = ("from none", "up", "down", "to none", "answers", "failed", "/s before", "/s after")
_FAULT = ("", "killed", "failed", "lost", "silent, s")


def show(report: Report, console: Console) -> None:
    """Medians over rounds, and how far the rounds were apart."""
    machine = report.environment
    console.print(f"{machine.cores} cores of {machine.cpu}, {report.threads} thread(s) a model")
    console.print(_table("from nothing, and idle", _BEGINNING, map(_cells, report.beginnings)))
    console.print(_table("requests, without what an idle server takes", _SERVED, map(_served, report.served)))
    console.print(_table("Ray Serve beside Triton", _COMPARED, map(_compared, report.compared)))
    if report.scalings:
        console.print(_table("scaling by requests, seconds", _SCALING, map(_cells, report.scalings)))
    if report.faults:
        console.print(_table("killed amid four clients", _FAULT, map(_cells, report.faults)))
    noise = report.noise
    console.print(
        f"noise: load {noise.load_start[0]:.2f} before, {noise.load_end[0]:.2f} at the end; others took "
        f"{noise.others_cores:.2f} cores; a loop of fixed work was {100 * noise.loop_spread:.0f} % apart"
    )


def _served(served: Served) -> Iterator[str]:
    yield from (served.model, str(served.clients), served.server, _text(served.median("per_s")))
    yield ", ".join(_text(served.median(f"{name}_ms")) for name in ("p50", "p95", "p99"))
    yield _spread([each.asked_cpu_ms for each in served.rounds])
    yield from (_text(served.median("device_ms")), _text(served.median("average_batch")))


def _compared(compared: Compared) -> Iterator[str]:
    yield from (compared.model, str(compared.clients))
    yield from map(_spread, (compared.speed_ratios, compared.cpu_ratios))


def _spread(values: Sequence[float]) -> str:
    return f"{_text(statistics.median(values))} ({_text(min(values))} to {_text(max(values))})"


def _cells(row: msgspec.Struct) -> Iterator[str]:
    return map(_text, msgspec.structs.astuple(row))


def _text(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _table(title: str, names: Sequence[str], rows: Iterator[Iterator[str]]) -> Table:
    table = Table(*names, title=title)
    for row in rows:
        table.add_row(*row)
    return table
