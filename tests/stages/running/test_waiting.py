"""A stage over a store that takes its time, or fails: nobody waits for it but who must."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.resources.clients.files.at_once import AT_ONCE
from tests.support.stage_runs import FIRST, LAST, PRINTS, SECOND, artifacts, document, run_stage
from tests.support.watched_store import WatchedStore
from tests.support.workers import Script, calls_in

_PATIENCE_S = 60.0


def watched(folder: Path, before: Callable[[str, str], None]) -> tuple[ArtifactStore, WatchedStore]:
    store = WatchedStore(str(folder), before=before)
    return ArtifactStore(store), store


def documents(count: int) -> list[DocumentRef]:
    return [document(f"{number}.pdf", str(number)) for number in range(count)]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def far(kind: str) -> None:
    """A store that is not on this machine."""
    if kind == "tail":
        time.sleep(0.03)


def test_documents_are_looked_up_and_written_many_at_once(tmp_path: Path, calls: Path) -> None:
    store, seen = watched(tmp_path / "store", lambda kind, path: time.sleep(0.05))
    batch = documents(40)
    for stage in (FIRST, SECOND, LAST):
        records = run_stage(store, stage, Script(str(calls), 3), batch)
        assert [(record.document, record.status) for record in records] == [
            (each.id, "converted") for each in batch
        ]
    assert 4 < seen.seen.most <= AT_ONCE


def test_workers_begin_before_every_document_is_looked_up(tmp_path: Path, calls: Path) -> None:
    batch = documents(40)

    def before(kind: str, path: str) -> None:
        far(kind)
        if kind == "tail" and batch[-1].id in path:
            until(lambda: len(calls_in(calls)) > 5)

    store, _ = watched(tmp_path / "store", before)
    records = run_stage(store, FIRST, Script(str(calls), 3), batch)
    assert [record.document for record in records] == [each.id for each in batch]


def test_workers_go_on_while_a_document_is_written(tmp_path: Path, calls: Path) -> None:
    def before(kind: str, path: str) -> None:
        far(kind)
        if kind == "write":
            until(lambda: len(calls_in(calls)) > 8)

    store, _ = watched(tmp_path / "store", before)
    records = run_stage(store, FIRST, Script(str(calls), 3), documents(9))
    assert all(record.usable for record in records)


def test_page_chunks_are_not_looked_for_where_none_can_be(tmp_path: Path, calls: Path) -> None:
    store, seen = watched(tmp_path / "store", lambda kind, path: None)
    for stage in (FIRST, SECOND):
        run_stage(store, stage, Script(str(calls), 3), documents(2))
    assert len(seen.seen.paths("list")) == 4
    run_stage(store, LAST, Script(str(calls), 3), documents(2))
    assert len(seen.seen.paths("list")) == 4
    # nor where all is finished
    run_stage(store, SECOND, Script(str(calls), 3), documents(2))
    assert len(seen.seen.paths("list")) == 4


def test_a_document_is_given_up_after_its_page_chunks_are_written(tmp_path: Path, calls: Path) -> None:
    """Another run has a better end: none of the chunks may be left beside it."""
    plain = artifacts(tmp_path / "store")
    issue = PageIssue(1, "first", "timed_out", "too slow")
    better = StageRecord(
        stage="first", document=document().id, name="a.pdf", status="partial", pages=[1], issues=[issue]
    )
    plain.write(PRINTS["first"], b"", better)

    def before(kind: str, path: str) -> None:
        far(kind)
        if kind == "write" and ".parts/" in path:
            until(lambda: len(calls_in(calls)) > 1)  # the chunk that gives it up is being done
            time.sleep(0.3)

    store, seen = watched(tmp_path / "store", before)
    [record] = run_stage(store, FIRST, Script(str(calls), 40, {12: "locked"}), [document()])
    assert record == better
    assert [".parts/" in path for path in seen.seen.paths("write")] in ([True], [True, True])
    assert plain.parts(document().id, "first", PRINTS["first"]) == {}
    assert plain.store.list("") == [plain.path(document().id, "first", PRINTS["first"])]


def test_a_store_that_fails_fails_the_stage_and_is_left_alone(tmp_path: Path, calls: Path) -> None:
    def before(kind: str, path: str) -> None:
        if kind == "write" and len(seen.seen.paths("write")) > 3:
            raise BackendUnavailableError("the store is away")

    store, seen = watched(tmp_path / "store", before)
    batch = documents(30)
    with pytest.raises(BackendUnavailableError, match="away"):
        run_stage(store, FIRST, Script(str(calls), 3), batch)
    asked, names = len(seen.seen.calls), {thread.name for thread in threading.enumerate()}
    assert not any(name.startswith("docmill-store") for name in names)
    time.sleep(0.2)
    assert len(seen.seen.calls) == asked
    plain = artifacts(tmp_path / "store")
    finished = [each for each in batch if plain.record(each.id, "first", PRINTS["first"])]
    assert len(finished) == 3
    # the next run does what is missing
    called = len(calls_in(calls))
    records = run_stage(plain, FIRST, Script(str(calls), 3), batch)
    assert all(record.usable for record in records)
    assert {r.document for r in records if r.reused} == {each.id for each in finished}
    assert len(calls_in(calls)) == called + 27
