"""Malformed PDFs of every kind through the pipeline: typed outcomes, within the memory limit."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from benchmarks.hostile.corpus import ALL_CASES, KINDS, HostileFile, make_corpus
from benchmarks.hostile.outcomes import by_kind, by_reason, outcomes, violations
from benchmarks.hostile.report import allowed_mb
from benchmarks.hostile.run import RunSettings, convert_corpus
from docmill.pipeline.convert.errors import CorruptPdfError, InternalDocumentError
from docmill.pipeline.stages.results.records import PageIssue, StageRecord, quarantine

#: What costs seconds of a worker each; the whole corpus has more of it.
SLOW = {"operators", "bombs", "forms"}


def test_there_are_many_cases_of_each_kind() -> None:
    assert len(ALL_CASES) > 700
    assert len({(case.kind, case.name) for case in ALL_CASES}) == len(ALL_CASES)
    assert min(Counter(case.kind for case in ALL_CASES).values()) >= 6


@pytest.mark.parametrize("kind", sorted(set(KINDS) - SLOW))
def test_the_same_seed_makes_the_same_files(kind: str) -> None:
    chosen = [case for case in ALL_CASES if case.kind == kind][-8:]
    for case in chosen:
        one, again, other = (hashlib.sha256(case.make(Random(seed))).digest() for seed in (1, 1, 2))
        assert one == again, case.name
        assert not case.repeats or one != other, case.name


def test_a_corpus_has_every_kind_and_as_many_files_as_wanted(tmp_path: Path) -> None:
    kinds = ["names", "impostors", "damage"]
    files = make_corpus(tmp_path, 120, kinds=kinds)
    assert Counter(file.kind for file in files[:9]) == dict.fromkeys(kinds, 3)
    assert len({file.name for file in files}) == len(files) == 120
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 120


def record(name: str, **rest: object) -> StageRecord:
    return StageRecord(stage="exports", document="d", name=name, **rest)  # type: ignore[arg-type]


def test_what_must_not_happen_is_told() -> None:
    files = [HostileFile("kind", f"{n}.pdf") for n in range(7)]
    issue = PageIssue(2, "layout", "timed_out", "no answer within 15 s")
    internal = PageIssue(1, "pages", "internal", "IndexError")
    records = [
        record("0.pdf"),
        record("1.pdf", status="partial", issues=[issue]),
        quarantine("pages", "d", "2.pdf", CorruptPdfError("it is broken"), 1.0),
        quarantine("pages", "d", "3.pdf", InternalDocumentError("IndexError"), 1.0),
        record("4.pdf", status="partial", issues=[internal]),
        record("5.pdf", status="quarantined", reason="corrupt", message="broken"),
    ]
    told = list(violations(files, records))
    assert [line.partition(":")[0] for line in told] == ["3.pdf", "3.pdf", "4.pdf", "5.pdf", "6.pdf"]
    found = outcomes(files, records, {"d": 1})
    assert by_kind(found)["kind"] == {"converted": 1, "partial": 2, "quarantined": 2, "failed": 1}
    assert by_reason(found)["partial", "timed_out"] == 1


def test_a_slice_of_every_kind_has_typed_outcomes(tmp_path: Path) -> None:
    settings = RunSettings(timeout=10.0)
    files = make_corpus(tmp_path / "corpus", 66 - 3 * len(SLOW), kinds=sorted(set(KINDS) - SLOW))
    files += make_corpus(tmp_path / "corpus", 3, kinds=sorted(SLOW))
    run = convert_corpus(tmp_path / "corpus", tmp_path / "home", settings)
    assert {file.kind for file in files} == set(KINDS)
    assert len(run.records) == len(files) == 60
    assert list(violations(files, run.records)) == []
    assert run.peak_mb < allowed_mb(settings)
