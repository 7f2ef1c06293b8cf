"""The benchmarks there are: `benchmarks/catalogue.toml`, with what each measures and how it is run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from benchmarks.harness.result import Kind
from benchmarks.harness.taking import Drawn, Taken

__all__ = ["CATALOGUE", "Benchmark", "catalogue"]

CATALOGUE = Path(__file__).resolve().parents[1] / "catalogue.toml"


class Benchmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One benchmark: a module that writes its own JSON with `--json`, and the figures to take out of it.

    `minutes` is how long it takes on two cores with `arguments`; those of `full`, if any, are what its page's
    figures are of. `needs` is what has to be given, as `{NAME}` in the arguments. `chosen`: it belongs
    to the set of `make bench`.
    """

    module: str
    measures: str
    minutes: float
    kind: Kind = "measured"
    arguments: str = ""
    full: str = ""
    full_minutes: float = 0.0
    needs: str = ""
    chosen: bool = False
    figures: list[Taken] = []
    curves: list[Drawn] = []

    def at_length(self) -> Benchmark:
        """With the arguments of its page's figures."""
        if not self.full:
            return self
        return msgspec.structs.replace(self, arguments=self.full, minutes=self.full_minutes)


def catalogue(path: Path = CATALOGUE) -> Mapping[str, Benchmark]:
    """All benchmarks by name, in the order of the file. Raises `msgspec.ValidationError`, `OSError`."""
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, Benchmark])
