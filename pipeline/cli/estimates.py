"""What a backfill, or files, are said to take before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil

import dagster as dg
from rich import box
from rich.console import Console
from rich.table import Table

from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.watching.throughput import measured, runs_at_once
from docmill.pipeline.intake.estimate import Estimate
from docmill.pipeline.intake.forecast import Forecast, Interval
from docmill.pipeline.stages.registry import STAGES
from docmill.resources.price import Price

__all__ = ["print_estimate", "print_forecast"]


def print_estimate(console: Console, found: Estimate, price: Price | None, *, at_once: float | None) -> None:
    """Print pages, hours and how long one waits, and which of it is a guess.

    `at_once` are the runs that go at a time; None: as many as the instance lets backfills.
    """
    _print_work(console, found, price)
    _print_time(console, found, at_once)


def print_forecast(console: Console, found: Forecast, *, same: bool) -> None:
    """Print intervals as a table, and what they rest on: documents with the `same` settings, or others."""
    table = Table(box=box.SIMPLE)
    table.add_column("")
    for column in ("low", "likely", "high"):
        table.add_column(column, justify="right")
    for name, interval, words in _rows(found):
        table.add_row(name, *map(words, (interval.low, interval.likely, interval.high)))
    console.print(f"{found.documents:,} documents, of which {found.opened:,} were opened and counted")
    if found.unreadable:
        console.print(f"about {found.unreadable:,} of them cannot be opened, and take nothing")
    console.print(table)
    console.print(f"Of ten such intervals {10 * found.level:.0f} hold. {_basis(found, same=same)}")


def _rows(found: Forecast) -> Iterator[tuple[str, Interval, Callable[[float], str]]]:
    yield "pages", found.pages, _number
    yield "  without text", found.scanned_pages, _number
    yield "worker time", found.worker_seconds, _time
    yield f"waiting, with {found.jobs} jobs", found.wall_seconds, _time
    yield "CPU time", found.cpu_seconds, _time
    if found.gpu_seconds.high:
        yield "GPU time", found.gpu_seconds, _time
    if found.cost:
        yield f"cost, {found.currency}", found.cost, _money
    if found.storage_per_month:
        yield f"storage a month, {found.currency}", found.storage_per_month, _money


def _basis(found: Forecast, *, same: bool) -> str:
    if not found.past:
        return (
            "No document was converted like that yet, so they rest on what was measured on another machine, "
            "and are wide."
        )
    settings = "these settings" if same else "other settings or models"
    return f"They rest on {found.past:,} documents that were converted with {settings}."


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _money(value: float) -> str:
    return f"{value:,.2f}" if value >= 1 else f"{value:.2g}"


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return _duration(seconds) if seconds < 360_000 else f"{seconds / 3600:,.0f} h"


def _print_work(console: Console, found: Estimate, price: Price | None) -> None:
    guessed = (
        f", {found.guessed:,} of them guessed by the size of files that were not opened yet"
        if found.guessed
        else ""
    )
    console.print(
        f"{found.documents:,} documents in {found.batches:,} batches, {found.pages:,} pages at most{guessed}"
    )
    if found.worker_hours is None:
        console.print("Nothing has been converted yet, so nobody knows how long that takes.")
        return
    console.print(
        f"about {found.worker_hours:,.2f} worker hours and {found.gpu_hours:,.3f} GPU hours, "
        "if a page takes what pages took so far; less where finished work is found again"
    )
    if price and found.cost is not None:
        console.print(f"about {found.cost:,.2f} {price.currency}, by the same guess")


def _print_time(console: Console, found: Estimate, at_once: float | None) -> None:
    """The wall-clock time, as far as this instance's runs were measured."""
    with open_instance() as instance:
        speed = measured(instance, dg.AssetKey(STAGES[-1].name))
        at_once = at_once or runs_at_once(instance, "backfill")
    if speed is None:
        console.print("No run on this instance was measured, so nobody knows how long you will wait.")
        return
    runs = "the last run did" if speed.runs == 1 else f"the last {speed.runs} runs did"
    together = min(at_once, max(1.0, speed.at_once))
    console.print(
        f"about {_duration(speed.seconds(found.pages, at_once))} of waiting, if nothing else runs: measured, "
        f"{runs} {speed.pages_per_second:,.1f} pages a second each; assumed, {together:.1f} run at once"
    )


def _duration(seconds: float) -> str:
    minutes = ceil(seconds / 60)
    return f"{minutes // 60:,} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
