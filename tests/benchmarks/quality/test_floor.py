from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from benchmarks.quality.cases import CaseVerdict, Verdict
from benchmarks.quality.fair import Fairness
from benchmarks.quality.floor import read_floor, shortfalls
from benchmarks.quality.halves import Half
from benchmarks.quality.report import EngineReport
from benchmarks.quality.scores import HalfScore

FLOOR = {
    "papers": {"halves": {"check": {"overall": 0.8, "teds": 0.5}, "development": {"overall": 0.9}}},
    "faults": {"right": ["known", "gone"]},
}


@pytest.fixture
def floor(tmp_path: Path) -> Path:
    path = tmp_path / "floor.json"
    path.write_text(json.dumps(FLOOR))
    return path


def report(corpus: str, **given: object) -> EngineReport:
    return EngineReport(corpus=corpus, engine="docmill", fair=Fairness.AUTO, **given)  # type: ignore[arg-type]


def test_what_is_not_reached_is_named(floor: Path) -> None:
    halves = [HalfScore(Half.CHECK, 3, {"overall": 0.79, "teds": None, "nid": 0.0})]
    assert list(shortfalls(read_floor(floor), report("papers", halves=halves))) == [
        "papers, check: overall 0.790, at least 0.8 wanted",
        "papers, check: teds not measured, at least 0.5 wanted",
    ]


def test_what_is_reached_and_what_is_not_named_pass(floor: Path) -> None:
    halves = [HalfScore(Half.CHECK, 3, {"overall": 0.8, "teds": 0.5})]
    assert not list(shortfalls(read_floor(floor), report("papers", halves=halves)))
    assert not list(shortfalls(read_floor(floor), report("others", halves=halves)))


def test_kinds_of_fault_must_be_right(floor: Path) -> None:
    cases = [CaseVerdict("known", Verdict.LOOK), CaseVerdict("other", Verdict.WRONG)]
    assert list(shortfalls(read_floor(floor), report("faults", cases=cases))) == [
        "faults: known to look at, right wanted",
        "faults: gone not there, right wanted",
    ]


def test_a_misspelt_floor_is_refused(tmp_path: Path) -> None:
    (tmp_path / "floor.json").write_text('{"papers": {"half": {}}}')
    with pytest.raises(msgspec.ValidationError, match="half"):
        read_floor(tmp_path / "floor.json")
