"""Seconds by page: one after another, several in hand, killed; and the slowest of them in metadata."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from docmill.pipeline.convert.engines import Render
from docmill.pipeline.convert.types import Box
from docmill.pipeline.instance.reporting.metadata import outcome_metadata
from docmill.pipeline.stages.results.page_clock import PageClock
from docmill.pipeline.stages.results.records import StageRecord, merge
from tests.support.stage_runs import FIRST, Needed, artifacts, document, run_stage
from tests.support.workers import Page, Script


@dataclass
class Time:
    """Passes only when told."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def draw(self, _scale: float, _box: Box | None) -> np.ndarray:
        self.pass_by(0.5)
        return np.zeros((1, 1, 3), np.uint8)


def one_by_one(drawings: list[Render], slow: int, time: Time) -> Iterator[Page]:
    """Works as an engine in the worker does; page `slow` takes longer."""
    for number, render in enumerate(drawings, 1):
        render(1.0, None)
        time.pass_by(2.0 if number == slow else 0.0)
        yield Page(number)


def ahead(drawings: list[Render], slow: int, time: Time) -> Iterator[Page]:
    """Works as an engine on a server does: two more pages are drawn before a result is waited for."""
    drawn: deque[int] = deque()
    for number, render in enumerate(drawings, 1):
        render(1.0, None)
        drawn.append(number)
        while len(drawn) > (2 if number < len(drawings) else 0):
            done = drawn.popleft()
            time.pass_by(2.0 if done == slow else 0.0)
            yield Page(done)


@pytest.mark.parametrize("engine", [one_by_one, ahead])
def test_a_page_has_the_time_of_its_drawing_and_its_result(
    engine: Callable[[list[Render], int, Time], Iterator[Page]],
) -> None:
    time = Time()
    clock = PageClock(time)
    drawings = [clock.render(number, time.draw) for number in range(1, 5)]
    pages = []
    for page in clock.results(engine(drawings, 2, time)):
        pages.append(page.number)
        time.pass_by(7.0)  # what is done with a result is not the page's
    assert pages == [1, 2, 3, 4]
    assert clock.seconds == {1: 0.5, 2: 2.5, 3: 0.5, 4: 0.5}


def test_a_page_that_cannot_be_drawn_has_the_time_it_took() -> None:
    time = Time()
    clock = PageClock(time)

    def broken(_scale: float, _box: Box | None) -> np.ndarray:
        time.pass_by(0.25)
        raise ValueError

    with pytest.raises(ValueError):
        list(clock.results(one_by_one([clock.render(1, broken)], 0, time)))
    assert clock.seconds == {1: 0.25}


def record(name: str, seconds: dict[int, float], *, reused: bool = False) -> StageRecord:
    return StageRecord(
        stage="layout", document=name, name=name, pages=list(seconds), page_seconds=seconds, reused=reused
    )


def test_chunks_are_put_together() -> None:
    merged = merge([record("a.pdf", {1: 0.5, 2: 1.0}), record("a.pdf", {}), record("a.pdf", {9: 2.0})])
    assert merged.page_seconds == {1: 0.5, 2: 1.0, 9: 2.0}


def test_the_slowest_page_is_told_beside_the_others() -> None:
    records = [
        record("plan.pdf", {1: 0.15, 2: 0.1}),
        record("report.pdf", {16: 0.15, 17: 12.0}),
        record("old.pdf", {1: 99.0}, reused=True),
    ]
    metadata = outcome_metadata(records, 1.0)
    assert metadata["slowest_page"] == "report.pdf page 17: 12.0 s, 80.0 times the median"
    assert (metadata["slowest_page_seconds"], metadata["median_page_seconds"]) == (12.0, 0.15)


def test_one_page_is_told_without_a_median() -> None:
    assert outcome_metadata([record("a.pdf", {3: 0.0124})], 1.0)["slowest_page"] == "a.pdf page 3: 0.012 s"


def test_nothing_is_told_where_no_page_was_timed() -> None:
    assert not [key for key in outcome_metadata([record("a.pdf", {})], 1.0) if "page_seconds" in key]


@pytest.mark.parametrize(("needed", "pages"), [(False, 20), (True, 1)])
def test_a_page_that_was_killed_has_its_time_limit(tmp_path: Path, needed: bool, pages: int) -> None:
    store = artifacts(tmp_path / "store")
    (tmp_path / "calls").mkdir()
    script = Script(str(tmp_path / "calls"), pages, {min(12, pages): "hang"})
    [found] = run_stage(store, (Needed() if needed else FIRST), script, [document()], timeout_s=0.4)
    assert found.usable != needed
    assert list(found.page_seconds) == [min(12, pages)]
    assert 0.4 <= found.page_seconds[min(12, pages)] < 60  # it would hang for a minute
    assert store.record(found.document, "first", "f" * 16) == found
