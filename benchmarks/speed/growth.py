"""What a document costs among few and among many: `python -m benchmarks.speed.growth`.

`docmill convert` of 1, 4, 16 and 64 documents of one page, start included, with one worker and with two, in
turn, each time in a store of its own. CPU seconds are those of all processes. Linux.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.comparing.counted import Cost
from benchmarks.material.corpus import make_corpus, ordinary_samples
from benchmarks.metrics.environment import Environment, environment
from benchmarks.speed.throughput import by_command

__all__ = ["Figures", "Size", "main", "measure"]


class Size(msgspec.Struct, frozen=True):
    """So many documents; medians a document, and what each round took."""

    documents: int
    cpu_ms_a_document: float
    ms_a_document: float
    rounds: list[Cost]


class Figures(msgspec.Struct, frozen=True):
    """All that was measured, by the number of workers."""

    environment: Environment
    by_workers: dict[str, list[Size]]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.growth", description=__doc__)
    parser.add_argument("--documents", type=int, nargs="+", default=[1, 4, 16, 64], help="of one page each")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="docmill-growth-") as folder:
        sizes = measure(Path(folder), options.documents, options.workers, options.rounds)
    figures = Figures(environment(), sizes)
    table = Table("workers", "documents", "CPU ms a document", "ms a document")
    for workers, found in figures.by_workers.items():
        for size in found:
            cost = (f"{size.cpu_ms_a_document:.0f}", f"{size.ms_a_document:.0f}")
            table.add_row(workers, str(size.documents), *cost)
    Console().print(table)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    return 0


def measure(
    folder: Path, counts: Sequence[int], workers: Sequence[int], rounds: int
) -> dict[str, list[Size]]:
    """All sizes by all workers; the first round, which is not counted, compiles and fills caches."""
    files = make_corpus(ordinary_samples(), max(counts), 1, folder / "corpus")
    costs: dict[tuple[int, int], list[Cost]] = {(each, count): [] for each in workers for count in counts}
    by_command(files[:1], 1, ["json"], folder, "warm")
    for number in range(rounds):
        for (each, count), found in costs.items():
            found.append(by_command(files[:count], each, ["json"], folder, f"{number}-{each}-{count}"))
    return {
        f"{each} worker{'s' if each > 1 else ''}": [_size(count, costs[each, count]) for count in counts]
        for each in workers
    }


def _size(documents: int, rounds: list[Cost]) -> Size:
    def median(seconds: Sequence[float]) -> float:
        return round(1000 * statistics.median(seconds) / documents, 1)

    cpu, wall = [cost.cpu_s for cost in rounds], [cost.wall_s for cost in rounds]
    return Size(documents, median(cpu), median(wall), rounds)


if __name__ == "__main__":
    sys.exit(main())
