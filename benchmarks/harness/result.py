"""A benchmark's result: one form for all of them, as JSON in `benchmarks/results/MACHINE/NAME.json`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.metrics.environment import Environment

__all__ = ["FORM", "RESULTS", "Curve", "Figure", "FormError", "Kind", "Noise", "Result", "read", "write"]

#: The version of the form; raised when a field changes its meaning.
FORM = 1
#: Where results are kept: a folder for each kind of machine, and `recorded` for what pages had before.
RESULTS = Path(__file__).resolve().parents[1] / "results"
Kind = Literal["measured", "calculated", "simulated", "recorded"]
_DIGITS = 6


class FormError(Exception):
    """A file is no result of this form."""


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One quantity: the median of so many rounds, the least and the most of them.

    `ratio` says what is held against what: such a figure has no unit, and both sides ran in turn.
    """

    name: str
    value: float
    unit: str = ""
    rounds: int = 1
    least: float | None = None
    most: float | None = None
    ratio: str = ""

    @classmethod
    def of(cls, name: str, values: Sequence[float], unit: str = "", ratio: str = "") -> Figure:
        """The median and the spread of rounds."""
        middle = _kept(statistics.median(values))
        if len(values) == 1:
            return cls(name, middle, unit, ratio=ratio)
        return cls(name, middle, unit, len(values), _kept(min(values)), _kept(max(values)), ratio)


class Curve(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lines over one quantity; points are (x, y), in order of x. `dots`: points that no line joins."""

    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]
    dots: bool = False


class Noise(msgspec.Struct, frozen=True):
    """What else the machine did: load averages, cores that others took, and how steady a fixed loop was.

    `loop_spread` is the difference of the slowest and the fastest turn of the loop by their median.
    """

    load_start: tuple[float, float, float]
    load_end: tuple[float, float, float]
    others_cores: float
    loop_ms: float
    loop_spread: float
    warnings: list[str]


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a benchmark found. `source` says of a recorded one where its figures are from.

    `seconds` is how long it took; `date` is the day; `commit` has a plus when files were changed since.
    """

    form: int = FORM
    name: str
    measures: str
    kind: Kind
    command: str
    commit: str
    date: str
    machine: Environment | None = None
    devices: list[str] = []
    seconds: float = 0.0
    noise: Noise | None = None
    source: str = ""
    figures: list[Figure]
    curves: list[Curve] = []

    def figure(self, name: str) -> Figure | None:
        """The figure of that name."""
        return next((figure for figure in self.figures if figure.name == name), None)


def read(path: Path) -> Result:
    """A kept result. Raises `FormError`, `OSError`."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Result)
    except msgspec.DecodeError as error:
        raise FormError(f"{path}: {error}") from error
    if found.form != FORM:
        raise FormError(f"{path}: form {found.form}, and this is {FORM}")
    return found


def write(result: Result, path: Path) -> None:
    """Keep a result; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # the form stands in the file even though it is the default
    fields = {"form": FORM, **msgspec.to_builtins(result)}
    path.write_bytes(msgspec.json.format(msgspec.json.encode(fields), indent=1) + b"\n")


def _kept(value: float) -> float:
    """As many digits as mean anything."""
    return float(f"{value:.{_DIGITS}g}")
