"""A corpus: a folder of PDFs with right answers beside them; what form these have is found out, not told."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.quality.cases import Case, read_cases
from benchmarks.quality.halves import Half, half_of
from benchmarks.quality.truths import Truth, TruthError, read_truth

__all__ = ["Corpus", "CorpusError", "Subject", "read_corpus"]


class CorpusError(Exception):
    """A folder that is no corpus."""


class Subject(msgspec.Struct, frozen=True):
    """A PDF with its truth."""

    name: str
    pdf: Path
    truth: Truth

    @property
    def half(self) -> Half:
        """The half that it belongs to."""
        return half_of(self.name)


class Corpus(msgspec.Struct, frozen=True):
    """Subjects and kinds of fault by name, and why other PDFs and folders are left out."""

    name: str
    subjects: tuple[Subject, ...]
    cases: tuple[Case, ...]
    skipped: dict[str, str]

    @property
    def pdfs(self) -> dict[str, Path]:
        """Every PDF, by the name of its document."""
        return {subject.name: subject.pdf for subject in self.subjects} | {
            case.kind: case.pdf for case in self.cases
        }


def read_corpus(folder: Path, half: Half = Half.ALL) -> Corpus:
    """Read the subjects of a half, and all kinds of fault. Raises `CorpusError` for a folder without any."""
    cases, skipped = read_cases(folder)
    subjects = []
    for pdf in sorted(folder.glob("*.pdf")):
        if not half.has(pdf.stem):
            continue
        try:
            truth = read_truth(pdf)
        except TruthError as error:
            skipped[pdf.stem] = str(error)
            continue
        if truth is None:
            skipped[pdf.stem] = "no truth beside it"
        else:
            subjects.append(Subject(pdf.stem, pdf, truth))
    if not subjects and not cases:
        raise CorpusError(f"{folder} has no PDF with a truth beside it ({half.value})")
    return Corpus(folder.resolve().name, tuple(subjects), tuple(cases), skipped)
