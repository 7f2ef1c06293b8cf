"""What pages cost beside what they are worth."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.quality.effort import Effort, convert_counted, worth
from benchmarks.quality.engines.output import Output
from benchmarks.quality.fair import Fairness
from benchmarks.quality.halves import Half
from benchmarks.quality.report import EngineReport, worth_of
from benchmarks.quality.scores import HalfScore

SAMPLES = Path(__file__).parents[2] / "samples"
_STARTS_S, _PAGE_S = 0.3, 0.1


class _Converter:
    """Takes a time to start, and a time for each document."""

    version = "1"

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def convert(self, pdfs: Mapping[str, Path]) -> dict[str, Output]:
        self.calls.append(list(pdfs))
        ends = time.process_time() + _STARTS_S + _PAGE_S * len(pdfs)
        while time.process_time() < ends:
            pass
        return {name: Output(name) for name in pdfs}


def test_a_further_page_is_counted_without_the_start() -> None:
    converter = _Converter()
    outputs, effort = convert_counted(
        converter, dict.fromkeys(("one", "two", "three"), SAMPLES / "two_column_paper.pdf")
    )
    assert outputs.keys() == {"one", "two", "three"}
    assert converter.calls == [["one"], ["one"], ["one", "two", "three"]]
    assert effort.pages == 3 * effort.first_pages > 0
    further = effort.pages - effort.first_pages
    assert effort.cpu_ms_a_page == pytest.approx(2 * 1000 * _PAGE_S / further, rel=0.5)


def test_a_file_that_nobody_opens_has_no_pages(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"no PDF")
    whole = SAMPLES / "two_column_paper.pdf"
    _, effort = convert_counted(_Converter(), {"broken": broken, "whole": whole})
    assert effort.first_pages == 0
    assert effort.pages > 0


def test_corpora_are_put_together_by_pages() -> None:
    few, many = Effort(1.0, 2.0, 1, 11), Effort(1.0, 10.0, 1, 31)
    both = worth([few, many], [0.8, 0.6])
    assert both.cpu_ms_a_page == pytest.approx(250.0)
    assert both.quality == pytest.approx(0.7)


def test_only_engines_that_were_counted_are_shown() -> None:
    def report(engine: str, corpus: str, effort: Effort | None, overall: float) -> EngineReport:
        halves = [HalfScore(half, 2, {"overall": overall}) for half in (Half.ALL, Half.CHECK)]
        return EngineReport(corpus=corpus, engine=engine, fair=Fairness.AUTO, effort=effort, halves=halves)

    effort = Effort(1.0, 2.0, 0, 10)
    found = worth_of(
        [report("a", "x", effort, 0.9), report("a", "y", effort, 0.7), report("b", "x", None, 1)]
    )
    assert found.keys() == {"a"}
    assert found["a"][0].quality == pytest.approx(0.8)
    assert found["a"][0].cpu_ms_a_page == pytest.approx(100.0)
