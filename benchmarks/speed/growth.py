"""What a document costs among few and among many: `python -m benchmarks.speed.growth`.

`docmill convert` of 1, 4, 16 and 64 documents of one page, start included, with one worker and with two, in
turn, each time in a store of its own. `--lengths` adds one document of so many pages each. CPU seconds are
those of all processes. Linux.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.comparing.counted import Cost
from benchmarks.material.corpus import CorpusFile, make_corpus, ordinary_samples
from benchmarks.metrics.environment import Environment, environment
from benchmarks.speed.throughput import by_command

__all__ = ["Figures", "Length", "Size", "main", "measure", "measure_lengths"]


class Size(msgspec.Struct, frozen=True):
    """So many documents; medians a document, and what each round took."""

    documents: int
    cpu_ms_a_document: float
    ms_a_document: float
    rounds: list[Cost]


class Length(msgspec.Struct, frozen=True):
    """One document of so many pages; medians a page and a second, and what each round took."""

    pages: int
    cpu_ms_a_page: float
    pages_per_s: float
    rounds: list[Cost]


class Figures(msgspec.Struct, frozen=True):
    """All that was measured, by the number of workers."""

    environment: Environment
    by_workers: dict[str, list[Size]]
    by_length: dict[str, list[Length]]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.growth", description=__doc__)
    parser.add_argument("--documents", type=int, nargs="+", default=[1, 4, 16, 64], help="of one page each")
    parser.add_argument("--lengths", type=int, nargs="*", default=[], help="pages of a document alone")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    how = (options.workers, options.rounds)
    with TemporaryDirectory(prefix="docmill-growth-") as folder:
        sizes = measure(Path(folder), options.documents, *how)
        lengths = measure_lengths(Path(folder), options.lengths, *how) if options.lengths else {}
    figures = Figures(environment(), sizes, lengths)
    _print(figures, Console())
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    return 0


def measure(
    folder: Path, counts: Sequence[int], workers: Sequence[int], rounds: int
) -> dict[str, list[Size]]:
    """All sizes by all workers; the first round, which is not counted, compiles and fills caches."""
    files = make_corpus(ordinary_samples(), max(counts), 1, folder / "corpus")
    costs = _costs({count: files[:count] for count in counts}, workers, rounds, folder)
    return {_named(each): [_size(count, costs[each, count]) for count in counts] for each in workers}


def measure_lengths(
    folder: Path, lengths: Sequence[int], workers: Sequence[int], rounds: int
) -> dict[str, list[Length]]:
    """The same of one document of each length."""
    made = {
        pages: make_corpus(ordinary_samples(), pages, pages, folder / f"corpus-{pages}") for pages in lengths
    }
    costs = _costs(made, workers, rounds, folder / "lengths")
    return {_named(each): [_length(pages, costs[each, pages]) for pages in lengths] for each in workers}


def _costs(
    inputs: Mapping[int, Sequence[CorpusFile]], workers: Sequence[int], rounds: int, folder: Path
) -> dict[tuple[int, int], list[Cost]]:
    """What each input takes each number of workers, in turn."""
    folder.mkdir(exist_ok=True)
    costs: dict[tuple[int, int], list[Cost]] = {(each, size): [] for each in workers for size in inputs}
    by_command(next(iter(inputs.values()))[:1], 1, ["json"], folder, "warm")
    for number in range(rounds):
        for (each, size), found in costs.items():
            found.append(by_command(inputs[size], each, ["json"], folder, f"{number}-{each}-{size}"))
    return costs


def _named(workers: int) -> str:
    return f"{workers} worker{'s' if workers > 1 else ''}"


def _size(documents: int, rounds: list[Cost]) -> Size:
    def median(seconds: Sequence[float]) -> float:
        return round(1000 * statistics.median(seconds) / documents, 1)

    cpu, wall = [cost.cpu_s for cost in rounds], [cost.wall_s for cost in rounds]
    return Size(documents, median(cpu), median(wall), rounds)


def _length(pages: int, rounds: list[Cost]) -> Length:
    cpu = statistics.median(cost.cpu_s for cost in rounds)
    return Length(
        pages,
        round(1000 * cpu / pages, 1),
        round(pages / statistics.median(cost.wall_s for cost in rounds), 2),
        rounds,
    )


def _print(figures: Figures, console: Console) -> None:
    table = Table("workers", "documents", "CPU ms a document", "ms a document", "documents/s")
    for workers, found in figures.by_workers.items():
        for size in found:
            cost = (f"{size.cpu_ms_a_document:.0f}", f"{size.ms_a_document:.0f}")
            table.add_row(workers, str(size.documents), *cost, f"{1000 / size.ms_a_document:.2f}")
    console.print(table)
    if figures.by_length:
        table = Table("workers", "pages of one document", "CPU ms a page", "pages/s")
        for workers, lengths in figures.by_length.items():
            for each in lengths:
                table.add_row(
                    workers, str(each.pages), f"{each.cpu_ms_a_page:.0f}", f"{each.pages_per_s:.2f}"
                )
        console.print(table)


if __name__ == "__main__":
    sys.exit(main())
