"""`python -m benchmarks.commits --before REV`: what this checkout costs beside a commit.

The commit is checked out into a temporary folder, and both run in turn, step by step, on this machine with
the same packages, each through its own command line: `docmill --help`; Dagster loading the code location;
converting 1, 16 and 64 documents of one page, and again when all is done already; and the throughput of
longer ones, start included. CPU seconds are those of all processes, workers and orphans too. Linux.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.comparing.errors import ComparingError
from benchmarks.comparing.figures import Figure, figures
from benchmarks.comparing.load import Load, load_now, warnings
from benchmarks.comparing.sides import Side, side
from benchmarks.comparing.speed import Plan, Sample, measure
from benchmarks.comparing.trees import CHECKOUT, tree_at, worktree
from benchmarks.metrics.environment import Environment, environment

__all__ = ["SpeedReport", "main", "print_speed"]

#: In less time the kernel's clock ticks, and starting the command, look like others' work.
_COUNTABLE_S = 1.0


class SpeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the command writes as JSON. `load` was there before the first measurement."""

    environment: Environment
    before: Side
    after: Side
    rounds: int
    load: Load
    warnings: list[str]
    figures: list[Figure]
    samples: list[Sample]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console()
    plan = Plan(rounds=options.rounds, sizes=options.sizes, pages=options.pages, workers=options.workers)
    try:
        with TemporaryDirectory(prefix="docmill-commits-") as folder:
            report = _measure(options.before, plan, Path(folder), console)
    except ComparingError as error:
        console.print(f"{error}", style="red", markup=False, soft_wrap=True)
        return 2
    print_speed(report, console)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return 0


def _measure(revision: str, plan: Plan, folder: Path, console: Console) -> SpeedReport:
    load, now = load_now(), tree_at(CHECKOUT)

    def tell(sample: Sample) -> None:
        who = "before" if sample.before else "after"
        cost = f"{sample.cpu_s:.2f} CPU s, {sample.wall_s:.2f} s; others {sample.others_cores:.2f} cores"
        console.print(
            f"round {sample.round}, {who}, {sample.step}: {cost}",
            style="dim",
            highlight=False,
            soft_wrap=True,
        )

    with worktree(CHECKOUT, revision) as then:
        samples = measure(then, now, plan, folder, tell)
    return SpeedReport(
        environment=environment(),
        before=side(then),
        after=side(now),
        rounds=plan.rounds,
        load=load,
        warnings=list(warnings(load, [each.others_cores for each in samples if each.wall_s >= _COUNTABLE_S])),
        figures=figures(samples),
        samples=samples,
    )


def print_speed(report: SpeedReport, console: Console) -> None:
    """A row for each figure, with the ratio of after to before; then how busy the machine was."""
    table = Table(title=f"{report.before} -> {report.after}, median of {report.rounds}")
    for number, column in enumerate(("", "", "before", "after", "ratio", "least to most")):
        table.add_column(column, justify="right" if number > 1 else "left", no_wrap=True)
    for each in report.figures:
        spread = f"{each.ratio_least:.3f} to {each.ratio_most:.3f}" if report.rounds > 1 else "-"
        values = (f"{each.before:.2f}", f"{each.after:.2f}", f"{each.ratio:.3f}", spread)
        table.add_row(each.step, each.quantity, *values)
    console.print(table)
    averages = ", ".join(f"{average:.2f}" for average in report.load.averages)
    console.print(f"load before (1, 5, 15 minutes): {averages} on {report.load.cores} cores")
    for warning in report.warnings:
        console.print(f"[yellow]{escape(warning)}[/yellow]", soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commits", description=__doc__)
    parser.add_argument("--before", required=True, metavar="REV", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which medians are taken")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 16, 64], help="documents of one page")
    parser.add_argument("--pages", type=int, default=300, help="for throughput, in documents of 10")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write figures and every measurement here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
