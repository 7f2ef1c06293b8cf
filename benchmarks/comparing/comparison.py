"""Holds the pieces that two commits made against each other, and counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.comparing.artifacts import document_folders, read_pieces
from benchmarks.comparing.converting import Converted
from benchmarks.comparing.first_differences import first_differences
from benchmarks.comparing.outcomes import NamedOutcome, read_outcomes
from benchmarks.comparing.pieces import Piece, Pieces
from docmill.pipeline.convert.options import FORMATS

__all__ = ["COMMAND", "OUTPUT", "Allowed", "Comparison", "Count", "Difference", "compare"]

#: Stand beside the stages' names.
OUTPUT, COMMAND = "output", "command"
_EXTENSIONS = (".pdf", *(f".{extension}" for extension in FORMATS.values()))
_NOTHING = NamedOutcome("", {})


@dataclass(frozen=True)
class Allowed:
    """Differences that are meant: shell patterns for a document's name without extension, and for a stage."""

    name: str
    stage: str

    @classmethod
    def parse(cls, text: str) -> Allowed:
        """From `NAME:STAGE`. ValueError for anything else."""
        name, colon, stage = text.rpartition(":")
        if not (name and colon and stage):
            raise ValueError(f"{text!r} is not NAME:STAGE")
        return cls(name, stage)

    def covers(self, name: str, stage: str) -> bool:
        """Whether a difference of this stage of this document, or of this file, is meant."""
        extension = next((each for each in _EXTENSIONS if name.endswith(each)), "")
        stem = name.removesuffix(extension)
        return fnmatchcase(stem, self.name) and fnmatchcase(stage, self.stage)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One piece that is not the same; `name` is the document's or, of an output, the file's."""

    name: str
    stage: str
    part: str
    kind: Literal["differs", "only before", "only after"]
    places: list[str]
    allowed: bool


class Count(msgspec.Struct, kw_only=True):
    """Of one stage: documents (or files) looked at, pieces compared, and those that were not the same."""

    documents: int = 0
    compared: int = 0
    differing: int = 0
    allowed: int = 0


@dataclass
class Comparison:
    """What was compared so far; stages of `ignored` are not looked at."""

    allowed: Sequence[Allowed] = ()
    ignored: frozenset[str] = frozenset()
    counts: dict[str, Count] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    #: The ignored stages that there were.
    skipped: set[str] = field(default_factory=set)

    @property
    def equal(self) -> bool:
        """Whether nothing differs but what may."""
        return all(difference.allowed for difference in self.differences)

    def add(self, name: str, before: Pieces, after: Pieces) -> None:
        """Compare the pieces of one document."""
        every = {**before, **after}
        self.skipped |= self.ignored & {piece.stage for piece in every}
        pieces = [piece for piece in every if piece.stage not in self.ignored]
        for stage in dict.fromkeys(piece.stage for piece in pieces):
            self.counts.setdefault(stage, Count()).documents += 1
        for piece in pieces:
            self._compare(name, piece, before.get(piece), after.get(piece))

    def _compare(self, name: str, piece: Piece, before: bytes | None, after: bytes | None) -> None:
        count = self.counts[piece.stage]
        count.compared += 1
        if before == after:
            return
        allowed = any(rule.covers(name, piece.stage) for rule in self.allowed)
        count.differing += 1
        count.allowed += allowed
        self.differences.append(
            Difference(
                name=name,
                stage=piece.stage,
                part=piece.part,
                kind="only after" if before is None else "only before" if after is None else "differs",
                places=first_differences(before, after) if before is not None and after is not None else [],
                allowed=allowed,
            )
        )


def compare(
    before: Converted, after: Converted, allowed: Sequence[Allowed] = (), ignored: Iterable[str] = ()
) -> Comparison:
    """All that two conversions of the same files left: outcomes, artifacts, results, exit status.

    Raises `ArtifactLayoutError` for a store that is not of one conversion.
    """
    comparison = Comparison(allowed, frozenset(ignored))
    outcomes = read_outcomes(before.home), read_outcomes(after.home)
    folders = document_folders(before.home), document_folders(after.home)
    known = outcomes[0] | outcomes[1]
    for document in sorted({*known, *folders[0], *folders[1]}, key=lambda id_: (_name(known, id_), id_)):
        sides = [
            {**found.get(document, _NOTHING).pieces, **(read_pieces(at[document]) if document in at else {})}
            for found, at in zip(outcomes, folders, strict=True)
        ]
        comparison.add(_name(known, document), *sides)
    files = _files(before.out), _files(after.out)
    for name in sorted({*files[0], *files[1]}):
        piece = Piece(OUTPUT, "file")
        comparison.add(name, *({piece: each[name].read_bytes()} if name in each else {} for each in files))
    status = Piece(COMMAND, "exit status")
    comparison.add("docmill convert", *({status: b"%d" % each.status} for each in (before, after)))
    return comparison


def _name(known: dict[str, NamedOutcome], document: str) -> str:
    return known[document].name if document in known else document


def _files(out: Path) -> dict[str, Path]:
    return {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
