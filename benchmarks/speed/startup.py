"""What starting the command costs: `python -m benchmarks.speed.startup`.

The installed command's help and version, and Python that does nothing, in turn; CPU seconds are those of all
processes. It ends with 1 when `docmill --help` takes more CPU than `--most`. Linux.
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

from benchmarks.comparing.counted import Cost, counted
from benchmarks.measuring.clean_environment import clean_environment
from benchmarks.metrics.environment import Environment, environment

__all__ = ["Figures", "Started", "main", "measure"]

_DOCMILL = str(Path(sys.executable).with_name("docmill"))
_HELP = "docmill --help"
#: What is started, by what it is called.
_COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "docmill --version": [_DOCMILL, "--version"],
    _HELP: [_DOCMILL, "--help"],
    "docmill convert --help": [_DOCMILL, "convert", "--help"],
}


class Started(msgspec.Struct, frozen=True):
    """A command, and what each of its starts took."""

    command: str
    starts: list[Cost]

    @property
    def cpu_s(self) -> float:
        """The median."""
        return statistics.median(start.cpu_s for start in self.starts)

    @property
    def wall_s(self) -> float:
        """The median."""
        return statistics.median(start.wall_s for start in self.starts)


class Figures(msgspec.Struct, frozen=True):
    """All that was measured."""

    environment: Environment
    started: list[Started]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="starts of each, in turn (default 15)")
    parser.add_argument("--most", type=float, default=0.5, help="CPU seconds of the help (default 0.5)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="docmill-startup-") as folder:
        figures = Figures(environment(), measure(Path(folder), options.rounds))
    table = Table("", "CPU s", "s", title=f"medians of {options.rounds}")
    for each in figures.started:
        table.add_row(each.command, f"{each.cpu_s:.3f}", f"{each.wall_s:.3f}")
    Console().print(table)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    taken = next(each.cpu_s for each in figures.started if each.command == _HELP)
    return 1 if taken > options.most else 0


def measure(folder: Path, rounds: int) -> list[Started]:
    """Start each so many times, after once that fills the disk's cache and compiles."""
    variables = clean_environment(folder)
    costs: dict[str, list[Cost]] = {name: [] for name in _COMMANDS}
    for number in range(rounds + 1):
        for name, command in _COMMANDS.items():
            cost = counted(command, variables, folder)
            if number:
                costs[name].append(cost)
    return [Started(name, starts) for name, starts in costs.items()]


if __name__ == "__main__":
    sys.exit(main())
