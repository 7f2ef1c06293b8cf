"""How much memory a conversion takes: `python -m benchmarks.speed.memory`.

`docmill convert` with one worker, of few pages and of many: the most that its largest process and all
processes held, and what all of them held over time. Pages that processes share count once, divided among them
(PSS). Linux.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.material.corpus import CorpusFile, make_corpus, ordinary_samples
from benchmarks.measuring.clean_environment import clean_environment
from benchmarks.metrics.environment import Environment, environment
from benchmarks.scale.tree import ProcessTree

__all__ = ["Figures", "Held", "Moment", "main", "measure"]

_EVERY_S = 0.25


class Moment(msgspec.Struct, frozen=True):
    """Seconds since the start, megabytes of all processes then, and of the largest of them."""

    second: float
    all_mb: float
    largest_mb: float


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversion of so many pages held; `last_mb` is the most in the last quarter of its time,
    `middle_mb` the most in the quarter before it."""

    pages: int
    documents: int
    seconds: float
    all_mb: float
    largest_mb: float
    middle_mb: float
    last_mb: float
    moments: list[Moment]


class Figures(msgspec.Struct, frozen=True):
    """All that was measured."""

    environment: Environment
    workers: int
    held: list[Held]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.memory", description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=[20, 100, 1000], help="of each conversion")
    parser.add_argument("--length", type=int, default=10, help="pages of each document (default 10)")
    parser.add_argument("--workers", type=int, default=1, help="worker processes (default 1)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="docmill-memory-") as folder:
        held = [
            measure(Path(folder) / str(pages), pages, options.length, options.workers)
            for pages in options.pages
        ]
    figures = Figures(environment(), options.workers, held)
    table = Table("pages", "s", "all, MB", "largest process, MB", "third quarter, MB", "last quarter, MB")
    for each in held:
        values = (each.all_mb, each.largest_mb, each.middle_mb, each.last_mb)
        table.add_row(str(each.pages), f"{each.seconds:.1f}", *(f"{value:.0f}" for value in values))
    Console().print(table)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    return 0


def measure(folder: Path, pages: int, length: int, workers: int) -> Held:
    """Convert in a home of its own, and look at all processes four times a second."""
    files = make_corpus(ordinary_samples(), pages, length, folder / "corpus")
    moments = _moments(files, folder, workers)
    seconds = moments[-1].second
    quarters = [
        max(
            (moment.all_mb for moment in moments if part <= moment.second / seconds <= part + 0.25), default=0
        )
        for part in (0.5, 0.75)
    ]
    return Held(
        pages=sum(file.pages for file in files),
        documents=len(files),
        seconds=round(seconds, 2),
        all_mb=max(moment.all_mb for moment in moments),
        largest_mb=max(moment.largest_mb for moment in moments),
        middle_mb=quarters[0],
        last_mb=quarters[1],
        moments=moments,
    )


def _moments(files: Sequence[CorpusFile], folder: Path, workers: int) -> list[Moment]:
    places = [str(file.path) for file in files]
    command = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *places]
    how = ["--out", str(folder / "out"), "--format", "json", "--jobs", str(workers)]
    log = folder / "log"
    moments, started = [], time.monotonic()
    with ProcessTree([*command, *how], clean_environment(folder / "home"), log) as tree:
        while tree.running:
            time.sleep(_EVERY_S)
            if sizes := [process.pss_mb for process in tree.memory()]:
                second = round(time.monotonic() - started, 2)
                moments.append(Moment(second, round(sum(sizes), 1), round(max(sizes), 1)))
    made = {path.stem for path in (folder / "out").glob("*.json")}
    if missing := [file.path.stem for file in files if file.path.stem not in made]:
        raise RuntimeError(f"{', '.join(missing)} not converted: {log.read_text('utf-8')[-2000:]}")
    return moments


if __name__ == "__main__":
    sys.exit(main())
