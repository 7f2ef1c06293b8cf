"""Stages whose pages several steps do, held against the same in one step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.mapped.part_runner import PartRunner
from docmill.pipeline.stages.mapped.steps import cut_batch, run_range
from docmill.pipeline.stages.results.frames import read_tail
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.results.step_accounts import Overhead
from docmill.pipeline.stages.selection import CHUNK_PAGES
from tests.support.scripted import scripted
from tests.support.stage_runs import Told, document
from tests.support.workers import Script, calls_in

COUNT = 300


def script(folder: Path, count: int = COUNT, faults: Mapping[int, str] | None = None) -> Script:
    calls = folder / "calls"
    calls.mkdir(parents=True, exist_ok=True)
    return Script(str(calls), count, faults or {})


def in_one(folder: Path, batch: Sequence[DocumentRef], **what: object) -> list[list[StageRecord]]:
    conversion = scripted(folder, script(folder, **what))  # type: ignore[arg-type]
    return [conversion.run(stage, batch, Told()) for stage in conversion.stages]


def divided(
    folder: Path, batch: Sequence[DocumentRef], most: int, **what: object
) -> tuple[list[list[StageRecord]], Counter[str], Overhead]:
    """The records, how many ranges each stage had, and what its steps before the last one spent besides."""
    conversion = scripted(folder, script(folder, **what))  # type: ignore[arg-type]
    records, ranges, overhead = [], Counter[str](), Overhead()
    for stage in conversion.stages:
        told = Told()
        cut = cut_batch(conversion, stage, batch, most, told)
        overhead += cut.step.overhead
        for pages in cut.ranges:
            ranges[stage] += 1
            overhead += run_range(conversion, stage, batch, pages, told).overhead
        assert told.records == []  # how documents end is not decided there
        records.append(conversion.run(stage, batch, told))
    return records, ranges, overhead


def results(folder: Path) -> dict[str, list[tuple[list[int], bytes]]]:
    """The frames of pages of each artifact, as they lie there; nothing else is left."""
    found = {}
    for path in (folder / "store").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            end = read_tail(lambda length, data=data: data[-length:])  # type: ignore[misc]
            frames = [(frame.pages, data[frame.start : frame.stop]) for frame in end.index.frames]
            found[path.relative_to(folder / "store").as_posix()] = frames
    return found


def unmeasured(records: list[list[StageRecord]]) -> list[list[StageRecord]]:
    return [
        [
            msgspec.structs.replace(each, seconds=0.0, cpu_seconds=0.0, page_seconds={}, reused=False)
            for each in some
        ]
        for some in records
    ]


def done(folder: Path) -> Counter[tuple[str, int]]:
    """How often each page was given to a worker, by what for; the first chunk is named by no page."""
    found: Counter[tuple[str, int]] = Counter()
    for called, pages, _ in calls_in(folder / "calls"):
        if called in ("read", "work") and pages != [0]:
            found.update((called, page) for page in pages or range(1, CHUNK_PAGES + 1))
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[StageRecord]]]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, in_one(folder, [document()])


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        # the first pages are done where the document is opened
        (CHUNK_PAGES, {"first": 37, "second": 38}),
        (50, {"first": 7, "second": 7}),
        (128, {"first": 3, "second": 3}),
        (COUNT, {}),
    ],
)
def test_the_same_bytes_and_nothing_done_twice(
    tmp_path: Path, whole: tuple[Path, list[list[StageRecord]]], most: int, expected: dict[str, int]
) -> None:
    records, ranges, _ = divided(tmp_path, [document()], most)
    one, said = whole
    assert results(tmp_path) == results(one)
    assert unmeasured(records) == unmeasured(said)
    assert not any(record.reused for some in records for record in some)
    assert set(done(tmp_path).values()) == {1} and done(tmp_path) == done(one)
    assert ranges == expected


def test_a_batch_of_short_and_long_documents(tmp_path: Path) -> None:
    batch = [document(f"{number}.pdf", str(number)) for number in range(5)]
    said = in_one(tmp_path / "one", batch, count=20)
    records, ranges, _ = divided(tmp_path / "many", [*batch, document("again.pdf", "3")], 30, count=20)
    assert results(tmp_path / "many") == results(tmp_path / "one")
    assert unmeasured([some[:5] for some in records]) == unmeasured(said)
    assert ranges == {"first": 3, "second": 4}
    assert done(tmp_path / "many") == done(tmp_path / "one")


@pytest.mark.parametrize("count", [1, CHUNK_PAGES, CHUNK_PAGES + 1])
def test_documents_of_few_pages_are_whole(tmp_path: Path, count: int) -> None:
    said = in_one(tmp_path / "one", [document()], count=count)
    records, ranges, _ = divided(tmp_path / "many", [document()], 100, count=count)
    assert ranges == {}
    assert results(tmp_path / "many") == results(tmp_path / "one")
    [first], [second] = unmeasured(records)
    first.extra.pop("style", None)  # which is the same of one chunk, whoever makes it
    [[said_first], [said_second]] = unmeasured(said)
    said_first.extra.pop("style", None)
    assert (first, second) == (said_first, said_second)


@pytest.mark.parametrize("fault", ["kill", "bug", "broken"])
def test_bad_pages_cost_those_pages_only(tmp_path: Path, fault: str) -> None:
    faults = {33: fault} if fault == "kill" else {20: fault, 33: fault, 60: fault}
    said = in_one(tmp_path / "one", [document()], count=80, faults=faults)
    records, _, overhead = divided(tmp_path / "many", [document()], 24, count=80, faults=faults)
    assert [issue.page for issue in records[0][0].issues] == [*faults]
    assert results(tmp_path / "many") == results(tmp_path / "one")
    assert unmeasured(records) == unmeasured(said)  # they say what workers it cost, too
    assert overhead.lost_workers == (4 if fault == "kill" else 0)


def test_a_page_among_the_first_that_kills(tmp_path: Path) -> None:
    """No page chunk says which pages there are: that is found out again, by whoever needs it."""
    faults = {3: "kill"}
    said = in_one(tmp_path / "one", [document()], count=40, faults=faults)
    records, ranges, _ = divided(tmp_path / "many", [document()], 16, count=40, faults=faults)
    assert ranges["first"] == 3
    assert results(tmp_path / "many") == results(tmp_path / "one")
    for record in (records[0][0], said[0][0]):
        assert record.counts.pop("lost_workers") > 0
    assert unmeasured(records)[0] == unmeasured(said)[0]


def test_documents_that_cannot_be_opened_end_as_in_one_step(tmp_path: Path) -> None:
    said = in_one(tmp_path / "one", [document()], faults={0: "locked"})
    records, ranges, _ = divided(tmp_path / "many", [document()], 16, faults={0: "locked"})
    assert ranges == {}
    assert unmeasured(records) == unmeasured(said)
    assert records[0][0].reason == "encrypted"


def test_a_document_that_costs_too_much_is_given_up_once_and_by_the_last_step(tmp_path: Path) -> None:
    faults = dict.fromkeys(range(9, 41), "kill")
    records, ranges, _ = divided(tmp_path, [document()], 16, count=40, faults=faults)
    assert ranges["first"] == 2
    assert records[0][0].reason == "crashed"
    assert records[1][0].stopped_at == "first"


def test_what_is_not_chosen_is_left_alone(tmp_path: Path) -> None:
    conversion = scripted(tmp_path, script(tmp_path))
    runner = partial(PartRunner, choice=lambda _document, _left: [])
    [record] = conversion.run_step("first", [document()], Told(), runner=runner).records
    assert (record.pages, record.reused, results(tmp_path), done(tmp_path)) == ([], False, {}, Counter())


def test_what_is_finished_is_not_cut(tmp_path: Path) -> None:
    in_one(tmp_path, [document()])
    before = done(tmp_path)
    records, ranges, _ = divided(tmp_path, [document()], 16)
    assert ranges == {}
    assert all(record.reused for some in records for record in some)
    assert done(tmp_path) == before


def test_a_range_that_is_killed_loses_only_what_was_under_way(
    tmp_path: Path, whole: tuple[Path, list[list[StageRecord]]]
) -> None:
    conversion = scripted(tmp_path, script(tmp_path))
    batch = [document()]
    first, second = cut_batch(conversion, "first", batch, 150, Told()).ranges
    command = [
        sys.executable,
        "-m",
        "tests.support.scripted",
        str(tmp_path),
        str(tmp_path / "calls"),
        str(COUNT),
    ]
    killed = subprocess.Popen([*command, first.key], start_new_session=True)
    parts = tmp_path / "store"
    until = time.monotonic() + 120
    while len(list(parts.rglob("*.parts/*"))) < 6:
        assert killed.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    kept = len(list(parts.rglob("*.parts/*")))
    assert kept < 1 + 144 // CHUNK_PAGES
    for pages in (first, second):
        run_range(conversion, "first", batch, pages, Told())
    assert len(list(parts.rglob("*.parts/*"))) == -(-COUNT // CHUNK_PAGES)
    [record] = conversion.run("first", batch, Told())
    twice = [page for page, times in done(tmp_path).items() if times > 1]
    assert set(done(tmp_path)) == {("read", page) for page in range(1, COUNT + 1)}
    assert len(twice) <= 2 * CHUNK_PAGES  # those that its two workers had
    assert done(tmp_path).most_common(1)[0][1] <= 2
    one, said = whole
    assert results(tmp_path).items() <= results(one).items()
    assert unmeasured([[record]]) == unmeasured(said[:1])


def test_the_last_step_does_what_no_range_did(
    tmp_path: Path, whole: tuple[Path, list[list[StageRecord]]]
) -> None:
    conversion = scripted(tmp_path, script(tmp_path))
    cut = cut_batch(conversion, "first", [document()], 100, Told())
    run_range(conversion, "first", [document()], cut.ranges[1], Told())
    conversion.run("first", [document()], Told())
    assert results(tmp_path).items() <= results(whole[0]).items()
    assert set(done(tmp_path).values()) == {1}


def test_seconds_are_counted_once(tmp_path: Path) -> None:
    """What pages took is in the document's record, and what the workers computed besides in the steps'."""
    conversion = scripted(tmp_path, script(tmp_path))
    batch = [document()]
    cut = cut_batch(conversion, "first", batch, 100, Told())
    steps = [cut.step, *(run_range(conversion, "first", batch, pages, Told()) for pages in cut.ranges)]
    last = conversion.run_step("first", batch, Told())
    [record] = last.records
    assert record.cpu_seconds == pytest.approx(sum(each.records[0].cpu_seconds for each in steps))
    assert sum(len(each.records[0].pages) for each in steps) == COUNT
