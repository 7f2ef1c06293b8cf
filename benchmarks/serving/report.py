"""The benchmark's tables and its JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.metrics.environment import Environment
from benchmarks.serving.load import Figures

__all__ = ["Ratio", "Report", "print_report", "write_report"]


class Ratio(msgspec.Struct, frozen=True):
    """Served against in this process: the same graph, threads and requests, in turn; medians of `rounds`.

    `best_ratio` compares the best round of each side: on a machine that others use, that one says more.
    """

    model: str
    batch: int
    concurrency: int
    served_items_per_s: float
    in_process_items_per_s: float
    ratio: float
    best_ratio: float
    rounds: int


class Report(msgspec.Struct, frozen=True):
    """Everything that was measured, and where."""

    environment: Environment
    server: str
    gpus: list[str]
    threads: int  # of one model instance, and of the graph in this process
    shared_memory: str
    figures: list[Figures]
    ratios: list[Ratio]

    def batching_gain(self, model: str) -> float | None:
        """Best throughput with batches over that of one item at a time by one client."""
        own = [figures for figures in self.figures if figures.model == model]
        single = [f.items_per_s for f in own if f.batch == f.concurrency == 1]
        return max(f.items_per_s for f in own) / single[0] if single else None


def print_report(report: Report, console: Console) -> None:
    """Tables for people."""
    where = f"{report.environment.cores} cores of {report.environment.cpu}"
    console.print(f"{report.server} on {', '.join(report.gpus) or where}")
    with_gpu = any(figures.gpu_utilisation is not None for figures in report.figures)
    for model in dict.fromkeys(figures.model for figures in report.figures):
        table = Table(title=model)
        columns = ["batch", "clients", "items/s", "p50 ms", "p95 ms", "queue ms", "avg batch", "device ms"]
        for column in [*columns, *(["GPU"] if with_gpu else [])]:
            table.add_column(column, justify="right")
        for f in report.figures:
            if f.model == model:
                cells = (f.items_per_s, f.p50_ms, f.p95_ms, f.queue_ms, f.average_batch, f.device_ms)
                shown = [*(_number(value) for value in cells)]
                gpu = [_number(f.gpu_utilisation)] if with_gpu else []
                table.add_row(str(f.batch), str(f.concurrency), *shown, *gpu)
        console.print(table)
        if gain := report.batching_gain(model):
            console.print(f"{model}: batches give {gain:.2f} times what one at a time gives")
    if report.ratios:
        console.print(_ratio_table(report.ratios))


def write_report(report: Report, path: Path) -> None:
    """JSON with the machine."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))


def _ratio_table(ratios: Sequence[Ratio]) -> Table:
    table = Table(title="served against the same graph in this process")
    for column in ("model", "batch", "clients", "served items/s", "in process items/s", "ratio", "of best"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for ratio in ratios:
        table.add_row(
            ratio.model,
            str(ratio.batch),
            str(ratio.concurrency),
            _number(ratio.served_items_per_s),
            _number(ratio.in_process_items_per_s),
            f"{ratio.ratio:.3f}",
            f"{ratio.best_ratio:.3f}",
        )
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
