"""Faults of kinds that users report, each rebuilt small: `KIND/case.pdf` with `KIND/expected.md`.

`expected.md` is the right Markdown, or what is to be said of it: `benchmarks.quality.told` reads it, and
`benchmarks.quality.telling` says what of it an output has. An output is right when nothing failed and all
that is told is there, in order, with nothing between.

A part of a page may be told. Before and after it nothing stands but headings and whole paragraphs, which
begin with a capital and end with a stop; where nothing but tables is told, anything but further tables.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from benchmarks.quality.blocks import blocks
from benchmarks.quality.engines.output import Output
from benchmarks.quality.telling import fault
from benchmarks.quality.told import ToldKind, told

__all__ = ["Case", "CaseVerdict", "Verdict", "judge", "read_cases"]

_PDF, _EXPECTED = "case.pdf", "expected.md"


class Verdict(StrEnum):
    """What is to be said of an output."""

    RIGHT = "right"
    WRONG = "wrong"
    LOOK = "to look at"


class Case(msgspec.Struct, frozen=True):
    """One kind of fault."""

    kind: str
    pdf: Path
    expected: str


class CaseVerdict(msgspec.Struct, frozen=True):
    """What became of a kind; `why` says what is not as expected."""

    kind: str
    verdict: Verdict
    why: str = ""


def read_cases(folder: Path) -> tuple[list[Case], dict[str, str]]:
    """The cases of a folder by name, and why others of its folders are none."""
    cases, skipped = [], {}
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        if (path / _PDF).is_file() and (path / _EXPECTED).is_file():
            cases.append(Case(path.name, path / _PDF, (path / _EXPECTED).read_text(encoding="utf-8")))
        else:
            skipped[path.name] = f"no {_PDF} with {_EXPECTED}"
    return cases, skipped if cases else {}


def judge(case: Case, output: Output) -> CaseVerdict:
    """Hold an output against what is expected."""
    if output.failure is not None:
        return CaseVerdict(case.kind, Verdict.WRONG, output.failure)
    expected = told(case.expected)
    if all(each.kind is ToldKind.ANYTHING for each in expected):
        return CaseVerdict(case.kind, Verdict.LOOK, "nothing is told that a program understands")
    why = fault(expected, blocks(output.markdown))
    return CaseVerdict(case.kind, Verdict.RIGHT if why is None else Verdict.WRONG, why or "")
