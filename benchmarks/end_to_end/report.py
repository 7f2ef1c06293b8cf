"""What was measured, as JSON and as tables."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.end_to_end.rounds import Measured, Ratio
from benchmarks.harness.result import Noise
from benchmarks.metrics.environment import Environment

__all__ = ["Report", "show"]

_SHOWN = 5
_SPENT = ("pages", "pages/s", "docmill, ms", "past the start", "servers, ms")
_COST = ("told: CPU ms a page", "device ms a page", "USD a million pages", "all CPU counted: USD a million")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, where and when, and what else the machine did meanwhile. Prices are of an hour, in USD."""

    environment: Environment
    date: str
    workers: int
    threads: int
    detector: str
    cpu_price: float
    device_price: float
    measured: list[Measured]
    ratios: list[Ratio]
    noise: Noise

    @property
    def complete(self) -> bool:
        """Whether every side converted every document wholly, and the same where that is promised."""
        return not any(each.not_converted or (each.differing and each.promised) for each in self.measured)


def show(report: Report, console: Console) -> None:
    """Medians over rounds; ratios with how far rounds were apart."""
    machine = report.environment
    console.print(
        f"{machine.cores} cores of {machine.cpu}, {report.workers} workers, threads a model: {report.threads}"
    )
    console.print(
        f"USD an hour: {report.cpu_price:g} of a CPU, {report.device_price:g} of the servers' device"
    )
    for title, names, row in (
        ("start included but where it is said; CPU of a page", _SPENT, _spent),
        ("cost, start included where it is counted", _COST, _cost),
    ):
        table = Table("", "", *names, title=title)
        for each in report.measured:
            table.add_row(each.work, each.side, *row(each))
        console.print(table)
    ratios = Table("", "", "pages/s", "docmill's CPU", "all CPU", "cost, told", title="start included")
    for ratio in report.ratios:
        spreads = map(_spread, (ratio.speed, ratio.own_cpu, ratio.all_cpu, ratio.told_cost))
        ratios.add_row(ratio.work, ratio.sides, *spreads)
    console.print(ratios)
    _show_sameness(report, console)
    noise = report.noise
    console.print(
        f"noise: load {noise.load_start[0]:.2f} before, {noise.load_end[0]:.2f} at the end; others took "
        f"{noise.others_cores:.2f} cores; a loop of fixed work was {100 * noise.loop_spread:.0f} % apart"
    )


def _show_sameness(report: Report, console: Console) -> None:
    for each in report.measured:
        where = f"{each.work}, {each.side}"
        for reason in each.left_out[:_SHOWN]:
            console.print(f"[red]{where}: not converted: {escape(reason)}", soft_wrap=True)
        if each.differing:
            style = "red" if each.promised else "yellow"
            names = ", ".join(each.differences[:_SHOWN])
            console.print(f"{where}: {each.differing} of {each.documents} differ: {names}", style=style)
    if report.complete:
        console.print("all documents converted, the same where that is promised", style="green")


def _spent(measured: Measured) -> Iterator[str]:
    yield f"{measured.pages}"
    yield f"{measured.median(lambda turn: turn.page.command_pages_per_s):.2f}"
    yield f"{measured.median(lambda turn: turn.page.command_cpu_ms):.0f}"
    yield f"{measured.median(lambda turn: turn.page.cpu_ms):.0f}"
    yield ", ".join(f"{name} {_server(measured, name):.0f}" for name in measured.turns[0].servers_cpu_ms)


def _cost(measured: Measured) -> Iterator[str]:
    yield f"{measured.median(lambda turn: turn.told_cpu_ms):.0f}"
    yield f"{measured.median(lambda turn: turn.told_device_ms):.0f}"
    yield f"{measured.median(lambda turn: turn.told_usd):.2f}"
    yield f"{measured.median(lambda turn: turn.counted_usd):.2f}"


def _server(measured: Measured, name: str) -> float:
    return measured.median(lambda turn: turn.servers_cpu_ms[name])


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
