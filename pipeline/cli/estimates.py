"""What a backfill is said to take, before it is agreed to."""

from __future__ import annotations

from math import ceil

import dagster as dg
from rich.console import Console

from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.watching.throughput import measured, runs_at_once
from docmill.pipeline.intake.estimate import Estimate
from docmill.pipeline.stages.registry import STAGES
from docmill.resources.price import Price

__all__ = ["print_estimate"]


def print_estimate(console: Console, found: Estimate, price: Price | None, *, at_once: float | None) -> None:
    """Print pages, hours and how long one waits, and which of it is a guess.

    `at_once` are the runs that go at a time; None: as many as the instance lets backfills.
    """
    _print_work(console, found, price)
    _print_time(console, found, at_once)


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
