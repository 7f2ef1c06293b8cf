"""The two sides: a command that converts PDFs on a Triton server, and what it costs itself and the server."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from benchmarks.comparing.counted import counted
from benchmarks.comparing.trees import CHECKOUT
from benchmarks.material.corpus import CorpusFile
from benchmarks.measuring.clean_environment import clean_environment
from benchmarks.serving import server_tree
from docmill.resources.local.triton.server import LocalServer
from docmill.resources.local.virtual_environment import VirtualEnvironment, own_variables

__all__ = ["Docling", "Docmill", "NotConvertedError", "Side", "Spent", "spent"]

_CONVERT = Path(__file__).with_name("convert.py")


class NotConvertedError(Exception):
    """A side left documents out, so what it cost says nothing."""


class Spent(msgspec.Struct, frozen=True):
    """Seconds of a command, on the clock and of all its processes; CPU seconds of the server meanwhile."""

    wall_s: float
    cpu_s: float
    server_cpu_s: float


class Side(Protocol):
    """One of the two."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def command(self, url: str, files: Sequence[Path], out: Path) -> list[str]:
        """What writes a DoclingDocument for each PDF into a folder."""
        ...

    def variables(self, scratch: Path) -> dict[str, str]:
        """The environment variables of that; the folder is for what else it makes."""
        ...


@dataclass(frozen=True)
class Docmill:
    """`docmill convert`, with a store of its own each time."""

    workers: int
    name: str = "docmill"

    def command(self, url: str, files: Sequence[Path], out: Path) -> list[str]:
        """With docling's layout model on the server; documents are then flat as docling's."""
        how = ["--layout", "triton", "--triton-url", url, "--ocr", "off", "--format", "json"]
        convert = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *map(str, files)]
        return [*convert, "--out", str(out), "--jobs", str(self.workers), *how]

    def variables(self, scratch: Path) -> dict[str, str]:
        """docmill's home is the folder."""
        return clean_environment(scratch)


@dataclass(frozen=True)
class Docling:
    """docling's own pipeline and engines, in so many processes."""

    environment: VirtualEnvironment
    artifacts: Path
    processes: int
    name: str = "docling"

    def command(self, url: str, files: Sequence[Path], out: Path) -> list[str]:
        """The script beside this module."""
        script = [str(self.environment.python), str(_CONVERT), url, str(self.artifacts), str(out)]
        return [*script, str(self.processes), *map(str, files)]

    def variables(self, scratch: Path) -> dict[str, str]:
        """Nothing is fetched; torch, which only resizes pictures, is best off with one thread a process."""
        own = own_variables(self.environment.folder, os.environ)
        return {**own, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TMPDIR": str(scratch)}


def spent(side: Side, server: LocalServer, files: Sequence[CorpusFile], folder: Path) -> Spent:
    """Convert in a new folder. Raises `NotConvertedError`, `CommandFailedError`."""
    out, scratch = folder / "out", folder / "scratch"
    scratch.mkdir(parents=True)
    command = side.command(server.url, [file.path for file in files], out)
    before = server_tree.cpu_seconds(server.pid)
    cost = counted(command, side.variables(scratch), CHECKOUT)
    served = server_tree.grown(before, server_tree.cpu_seconds(server.pid))
    made = {path.stem for path in out.glob("*.json")}
    if missing := [file.path.name for file in files if file.path.stem not in made]:
        raise NotConvertedError(f"{side.name} left out {', '.join(missing)}")
    return Spent(cost.wall_s, cost.cpu_s, served)
