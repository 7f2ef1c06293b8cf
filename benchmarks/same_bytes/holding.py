"""The same files converted in other circumstances, each time held against the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.comparing.comparison import Difference, compare
from benchmarks.comparing.converting import Converted, convert
from benchmarks.comparing.trees import Tree
from benchmarks.same_bytes.disturbances import Disturbance, undisturbed
from docmill.pipeline.convert.options import FORMATS

__all__ = ["Backend", "Circumstance", "Held", "hold"]


@dataclass(frozen=True)
class Circumstance:
    """A way to convert the same files, and what goes on beside it."""

    name: str
    options: tuple[str, ...] = ("--jobs", "2")
    beside: Disturbance = undisturbed
    backwards: bool = False
    cut_off_at: int = 0


@dataclass(frozen=True)
class Backend:
    """What computes the models, and the options that have it used."""

    name: str
    options: tuple[str, ...] = ()


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One circumstance: pieces compared, those that differ, wall seconds, and what was done beside it."""

    name: str
    backend: str
    compared: int
    differing: int
    differences: list[Difference]
    seconds: float
    beside: list[str]


def hold(
    tree: Tree,
    places: Sequence[Path],
    folder: Path,
    backend: Backend,
    circumstances: Sequence[Circumstance],
    console: Console,
) -> tuple[Converted, list[Held]]:
    """Convert in all circumstances, each held against the first; and what the first made.

    Raises `ComparingError` when a conversion does not come to its end.
    """
    first: Converted | None = None
    held = []
    for circumstance in circumstances:
        console.print(f"{backend.name}: {circumstance.name} ...", style="dim")
        made, beside = _convert(tree, places, folder / circumstance.name, circumstance, backend.options)
        first = first or made
        comparison = compare(first, made)
        held.append(
            Held(
                name=circumstance.name,
                backend=backend.name,
                compared=sum(count.compared for count in comparison.counts.values()),
                differing=len(comparison.differences),
                differences=comparison.differences,
                seconds=round(made.seconds, 1),
                beside=beside,
            )
        )
    assert first is not None
    return first, held


def _convert(
    tree: Tree, places: Sequence[Path], folder: Path, circumstance: Circumstance, how: Sequence[str]
) -> tuple[Converted, list[str]]:
    files = list(reversed(places)) if circumstance.backwards else places
    options = ("--format", ",".join(FORMATS), *how, *circumstance.options)
    with circumstance.beside(folder.absolute() / "home") as done:
        made = convert(tree, files, folder, options, circumstance.cut_off_at)
    return made, done + (["killed the command"] if circumstance.cut_off_at else [])
