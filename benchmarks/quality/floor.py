"""What corpora must reach with docmill: a JSON file of least figures.

    {"CORPUS": {"halves": {"check": {"overall": 0.85}}, "right": ["KIND"]}}

by the folder's name; `right` are kinds of fault that must be right. What is not named is not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.quality.cases import Verdict
from benchmarks.quality.halves import Half
from benchmarks.quality.report import EngineReport

__all__ = ["Floor", "read_floor", "shortfalls"]


class CorpusFloor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a corpus must reach: figures by half, and kinds of fault."""

    halves: dict[Half, dict[str, float]] = {}
    right: list[str] = []


Floor = dict[str, CorpusFloor]


def read_floor(path: Path) -> Floor:
    """Read the file. Raises `msgspec.DecodeError`, `OSError`."""
    return msgspec.json.decode(path.read_bytes(), type=Floor)


def shortfalls(floor: Floor, report: EngineReport) -> Iterator[str]:
    """What is not reached, in words; halves that were not scored are not checked."""
    limits = floor.get(report.corpus, CorpusFloor())
    for half in report.halves:
        for name, least in limits.halves.get(half.half, {}).items():
            value = half.figures.get(name)
            if value is None or value < least:
                said = "not measured" if value is None else f"{value:.3f}"
                yield f"{report.corpus}, {half.half}: {name} {said}, at least {least:g} wanted"
    verdicts = {case.kind: case for case in report.cases}
    for kind in limits.right:
        case = verdicts.get(kind)
        if case is None or case.verdict is not Verdict.RIGHT:
            yield f"{report.corpus}: {kind} {case.verdict if case else 'not there'}, right wanted"
