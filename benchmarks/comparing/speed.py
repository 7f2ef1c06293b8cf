"""What two checkouts cost, measured in turn: each step by one and at once by the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from benchmarks.comparing.counted import counted
from benchmarks.comparing.load import OthersAtWork
from benchmarks.comparing.trees import Tree
from benchmarks.material.corpus import CorpusFile, make_corpus, ordinary_samples

__all__ = ["Plan", "Sample", "measure"]


@dataclass(frozen=True)
class Plan:
    """What is measured.

    `sizes` are the documents, of one page each, of the small conversions, `pages` about the pages of the
    large one in documents of `length` pages. `help_times` is how often a round asks for the help, which is
    too short for one time to say much.
    """

    rounds: int = 3
    sizes: Sequence[int] = (1, 16, 64)
    pages: int = 300
    length: int = 10
    workers: int = 2
    help_times: int = 5

    @property
    def long_documents(self) -> int:
        """The documents of the large conversion."""
        return max(1, self.pages // self.length)


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement; `pages` where throughput counts. `others_cores` were busy with something else."""

    step: str
    before: bool
    round: int
    cpu_s: float
    wall_s: float
    others_cores: float
    pages: int = 0


@dataclass(frozen=True)
class _Step:
    name: str
    command: Callable[[Tree, Path], list[str]]
    pages: int = 0


def measure(
    before: Tree, after: Tree, plan: Plan, folder: Path, told: Callable[[Sample], None]
) -> list[Sample]:
    """All steps of all rounds; `told` hears of each measurement. Each tree has one home for all its steps.

    Whose turn is first changes with every round. Raises `CommandFailedError` when a command fails.
    """
    homes = {before: folder / "before", after: folder / "after"}
    for home in homes.values():
        home.mkdir()
    samples: list[Sample] = []
    # round 0 compiles bytecode, makes Dagster's instances, fills the disk's cache
    for number, steps in enumerate(_rounds(plan, folder / "corpus")):
        for step in steps:
            for tree in (before, after) if number % 2 else (after, before):
                others = OthersAtWork()
                environment = tree.environment(homes[tree])
                cost = counted(step.command(tree, homes[tree]), environment, tree.root)
                sample = Sample(
                    step=step.name,
                    before=tree is before,
                    round=number,
                    cpu_s=cost.cpu_s,
                    wall_s=cost.wall_s,
                    others_cores=others.cores(cost.cpu_s),
                    pages=step.pages,
                )
                if number:
                    samples.append(sample)
                    told(sample)
    return samples


def _rounds(plan: Plan, folder: Path) -> Iterator[list[_Step]]:
    """The steps of each round, with documents that no other round has; the first round warms up."""
    sources = ordinary_samples()
    singles = make_corpus(sources, 1 + plan.rounds * sum(plan.sizes), 1, folder / "singles")
    longer = make_corpus(
        sources, plan.rounds * plan.long_documents * plan.length, plan.length, folder / "longer"
    )
    small, large = iter(singles), iter(longer)
    code_location = _Step("code location", lambda *_: _validate())
    show_help = _Step("docmill --help", lambda tree, _: tree.docmill("--help"))
    yield [_convert("", list(islice(small, 1)), plan), show_help, code_location]
    for _ in range(plan.rounds):
        batches = [list(islice(small, size)) for size in plan.sizes]
        yield [
            *(show_help for _ in range(plan.help_times)),
            code_location,
            *(_convert(f"{_documents(batch)}", batch, plan) for batch in batches),
            *(_convert(f"{_documents(batch)} again", batch, plan) for batch in batches),
            _throughput(list(islice(large, plan.long_documents)), plan),
        ]


def _validate() -> list[str]:
    return [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"]


def _throughput(batch: Sequence[CorpusFile], plan: Plan) -> _Step:
    pages = sum(file.pages for file in batch)
    step = _convert(f"{pages} pages in {len(batch)} documents", batch, plan)
    return _Step(step.name, step.command, pages)


def _convert(name: str, files: Sequence[CorpusFile], plan: Plan) -> _Step:
    def command(tree: Tree, home: Path) -> list[str]:
        places = (str(file.path) for file in files)
        how = ("--format", "json", "--jobs", str(plan.workers))
        return tree.docmill("convert", *places, "--out", str(home / "out"), *how)

    return _Step(name, command)


def _documents(batch: Sequence[CorpusFile]) -> str:
    return f"{len(batch)} document{'s' if len(batch) > 1 else ''}"
