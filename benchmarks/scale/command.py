"""What `docmill convert` takes, all processes counted: one page, nothing to do, and when results come.

Of several checkouts each step is measured in turn, so that what else the machine does falls on all of them.
"""

from __future__ import annotations

import os
import pty
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import msgspec

from benchmarks.comparing.counted import counted
from benchmarks.comparing.trees import Tree
from benchmarks.material.corpus import CorpusFile, make_corpus, ordinary_samples

__all__ = ["CommandCost", "measure_command"]


class CommandCost(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, each the median of the repetitions; CPU seconds of every process, orphans too.

    `sign_s` is until something is on the screen. Of `documents` of one page each, `first_s` and `last_s` are
    until the first and the last of them was published.
    """

    commit: str
    workers: int
    repetitions: int
    page_cpu_s: float
    page_s: float
    again_cpu_s: float
    again_s: float
    sign_s: float
    documents: int
    many_cpu_s: float
    first_s: float
    last_s: float


@dataclass
class _Measured:
    """What was measured of one checkout, by what it is called in `CommandCost`."""

    tree: Tree
    home: Path
    values: dict[str, list[float]] = field(default_factory=dict)

    def note(self, **values: float) -> None:
        for name, value in values.items():
            self.values.setdefault(name, []).append(value)

    def command(self, files: Sequence[CorpusFile], workers: int) -> list[str]:
        places = (str(file.path) for file in files)
        out = ("--out", str(self.home / "out"), "--format", "json")
        return self.tree.docmill("convert", *places, *out, "--jobs", str(workers))

    def convert(self, files: Sequence[CorpusFile], workers: int) -> tuple[float, float, float, float]:
        """CPU seconds and wall seconds; wall seconds until the first and the last result."""
        started = time.time()
        cost = counted(self.command(files, workers), self.tree.environment(self.home), self.tree.root)
        published = [self.home / "out" / f"{file.path.stem}.json" for file in files]
        times = [path.stat().st_mtime - started for path in published]
        return cost.cpu_s, cost.wall_s, min(times), max(times)

    def sign(self, files: Sequence[CorpusFile]) -> float:
        """Seconds until something is on the screen."""
        ours, theirs = pty.openpty()
        started = time.monotonic()
        process = subprocess.Popen(
            self.command(files, 1),
            env=self.tree.environment(self.home) | {"TERM": "xterm"},
            cwd=self.tree.root,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
        )
        os.close(theirs)
        os.read(ours, 1)
        seconds = time.monotonic() - started
        try:
            while os.read(ours, 1 << 16):
                pass
        except OSError:  # the other end is closed
            os.close(ours)
        process.wait()
        return seconds


def measure_command(
    trees: Sequence[Tree], folder: Path, repetitions: int = 3, documents: int = 60, workers: int = 2
) -> list[CommandCost]:
    """The command of each checkout. Raises `CommandFailedError` when it fails."""
    count = 1 + repetitions * (1 + documents)
    files = iter(make_corpus(ordinary_samples(), count, 1, folder / "corpus"))
    sides = [_Measured(tree, folder / f"home-{number}") for number, tree in enumerate(trees)]
    warm = [next(files)]
    for side in sides:  # compiles bytecode, makes Dagster's instance, fills the disk's cache
        side.convert(warm, 1)
    for number in range(repetitions):
        page, many = [next(files)], list(islice(files, documents))
        turn = sides if number % 2 else sides[::-1]
        for side in turn:
            cpu_s, wall_s, _, _ = side.convert(page, 1)
            side.note(page_cpu_s=cpu_s, page_s=wall_s)
        for side in turn:
            cpu_s, wall_s, _, _ = side.convert(page, 1)
            side.note(again_cpu_s=cpu_s, again_s=wall_s)
        for side in turn:
            side.note(sign_s=side.sign(page))
        for side in turn:
            cpu_s, _, first, last = side.convert(many, workers)
            side.note(many_cpu_s=cpu_s, first_s=first, last_s=last)
    return [
        CommandCost(
            commit=side.tree.commit,
            workers=workers,
            repetitions=repetitions,
            documents=documents,
            **{name: round(statistics.median(values), 3) for name, values in side.values.items()},
        )
        for side in sides
    ]
