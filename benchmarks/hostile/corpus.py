"""The corpus: as many files as wanted, of every kind, the same ones for the same seed."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, zip_longest
from pathlib import Path
from random import Random

from benchmarks.hostile.case import Case
from benchmarks.hostile.kinds import (
    bombs,
    damage,
    encryption,
    fonts,
    forms,
    geometry,
    images,
    impostors,
    interactive,
    joined,
    names,
    object_streams,
    operators,
    page_tree,
    real_world,
    streams,
    structure,
    trailer,
    truncation,
    xref,
)
from docmill.resources.clients.files.sources import readable

__all__ = ["ALL_CASES", "KINDS", "HostileFile", "make_corpus"]

ALL_CASES: Sequence[Case] = tuple(
    chain.from_iterable(
        module.CASES
        for module in (
            xref,
            trailer,
            object_streams,
            streams,
            fonts,
            images,
            forms,
            page_tree,
            geometry,
            operators,
            bombs,
            encryption,
            truncation,
            damage,
            joined,
            impostors,
            names,
            interactive,
            structure,
            real_world,
        )
    )
)
#: The kinds of mutation, in order.
KINDS: Sequence[str] = tuple(dict.fromkeys(case.kind for case in ALL_CASES))


@dataclass(frozen=True)
class HostileFile:
    """A file of the corpus: `name` is its path below the corpus' folder, as docmill names it."""

    kind: str
    name: str


def make_corpus(folder: Path, files: int, seed: int = 0, kinds: Sequence[str] = ()) -> list[HostileFile]:
    """Write so many files to a folder for each kind, every kind in turn; `kinds` leaves out the others.

    First each case once, then those that another seed changes again and again.
    """
    made: list[HostileFile] = []
    for case, turn in _in_turn(files, kinds or KINDS):
        rng = Random(f"{seed}/{case.kind}/{case.name}/{turn}")
        name = f"{case.kind}/{os.fsdecode(case.file_name or _file_name(case, turn))}"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.make(rng))
        made.append(HostileFile(case.kind, readable(name)))
    return made


def _in_turn(files: int, kinds: Sequence[str]) -> Iterator[tuple[Case, int]]:
    """Cases and how often each was used before: one of each kind, then the next of each."""
    by_kind: dict[str, list[Case]] = defaultdict(list)
    for case in ALL_CASES:
        if case.kind in kinds:
            by_kind[case.kind].append(case)
    first = [(case, 0) for row in zip_longest(*by_kind.values()) for case in row if case is not None]
    again = [case for case in ALL_CASES if case.repeats and case.kind in kinds]
    yield from first[:files]
    left = files - len(first)
    for turn in count(1):
        if left <= 0 or not again:
            return
        yield from ((case, turn) for case in again[:left])
        left -= len(again)


def _file_name(case: Case, turn: int) -> bytes:
    return f"{case.name}{f'-{turn}' if case.repeats else ''}.pdf".encode()
