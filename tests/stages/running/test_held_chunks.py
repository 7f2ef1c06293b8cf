"""Finished chunks of a short document wait in memory for the others; dear ones, and a long one's, do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.running import under_way
from docmill.pipeline.stages.selection import CHUNK_PAGES
from tests.stages.running.test_waiting import watched
from tests.support.stage_runs import FIRST, PRINTS, Told, document, run_stage
from tests.support.watched_store import WatchedStore
from tests.support.workers import Page, Script

SHORT, LONG = 4 * CHUNK_PAGES, 4 * CHUNK_PAGES + 1


class InterruptionError(Exception):
    """What ends a stage in the middle of it."""


class Interrupting(Told):
    """A progress after which the stage is interrupted, once so many pages are done."""

    at = 2 * CHUNK_PAGES

    def pages(self, count: int) -> None:
        super().pages(count)
        if self.page_count >= self.at:
            raise InterruptionError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[ArtifactStore, WatchedStore]]:
    yield watched(tmp_path / "store", lambda kind, path: None)


def numbers(store: ArtifactStore) -> list[int]:
    return [page.number for _, page in store.pages(document().id, "first", PRINTS["first"], Page)]


def kept(store: ArtifactStore) -> set[int]:
    """The pages that an interrupted run has left."""
    found = store.parts(document().id, "first", PRINTS["first"])
    return {page for record in found.values() for page in record.pages}


def test_a_short_document_is_written_once(store: tuple[ArtifactStore, WatchedStore], calls: Path) -> None:
    told = Told()
    [record] = run_stage(store[0], FIRST, Script(str(calls), SHORT), [document()], told=told)
    assert (record.status, record.pages) == ("converted", list(range(1, SHORT + 1)))
    assert record.extra["style"] == "plain"
    assert numbers(store[0]) == record.pages
    assert told.page_count == SHORT
    paths = store[1].seen.paths("write")
    assert paths == [store[0].path(document().id, "first", PRINTS["first"])]


def test_a_longer_one_is_kept_chunk_by_chunk(store: tuple[ArtifactStore, WatchedStore], calls: Path) -> None:
    run_stage(store[0], FIRST, Script(str(calls), LONG), [document()])
    assert numbers(store[0]) == list(range(1, LONG + 1))
    assert sum(".parts/" in path for path in store[1].seen.paths("write")) == 5


def test_a_longer_one_is_kept_chunk_by_chunk_where_an_earlier_run_has_begun_it(
    store: tuple[ArtifactStore, WatchedStore], calls: Path
) -> None:
    with pytest.raises(InterruptionError):
        run_stage(store[0], FIRST, Script(str(calls), LONG), [document()], told=Interrupting())
    before = store[1].seen.paths("write")
    run_stage(store[0], FIRST, Script(str(calls), LONG), [document()])
    assert numbers(store[0]) == list(range(1, LONG + 1))
    new = [path for path in store[1].seen.paths("write") if path not in before]
    assert sum(".parts/" in path for path in new) == 5 - sum(".parts/" in path for path in before)


def test_dear_chunks_are_kept_at_once(
    store: tuple[ArtifactStore, WatchedStore], calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_way, "_DEAR_S", 0.2)
    script = Script(str(calls), SHORT, page_seconds=0.03)
    run_stage(store[0], FIRST, script, [document()])
    assert numbers(store[0]) == list(range(1, SHORT + 1))
    assert sum(".parts/" in path for path in store[1].seen.paths("write")) == 4
    assert kept(store[0]) == set()


def test_cheap_chunks_and_those_of_an_earlier_run_become_one(
    store: tuple[ArtifactStore, WatchedStore], calls: Path
) -> None:
    with pytest.raises(InterruptionError):
        run_stage(store[0], FIRST, Script(str(calls), SHORT), [document()], told=Interrupting())
    before = kept(store[0])
    assert len(before) >= Interrupting.at  # what was held is kept
    writes = len(store[1].seen.paths("write"))
    [record] = run_stage(store[0], FIRST, Script(str(calls), SHORT), [document()])
    assert record.pages == numbers(store[0]) == list(range(1, SHORT + 1))
    assert len(store[1].seen.paths("write")) == writes + 1
    assert kept(store[0]) == set()


def test_a_document_that_is_given_up_leaves_what_was_held(
    store: tuple[ArtifactStore, WatchedStore], calls: Path
) -> None:
    [record] = run_stage(store[0], FIRST, Script(str(calls), SHORT, {-1: "bug"}), [document()])
    assert not record.usable
    assert kept(store[0]) == set(range(1, SHORT + 1))
