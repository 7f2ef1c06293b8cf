"""Artifacts in the store: names, pages in part, page chunks."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from docmill.pipeline.stages.results.artifacts import ArtifactStore, fingerprint
from docmill.pipeline.stages.results.frames import (
    TAIL_BYTES,
    Frame,
    FrameIndex,
    decode_pages,
    encode_pages,
    index_frame,
)
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.watched_store import WatchedStore
from tests.support.workers import Page

ID = "3f" + "a" * 62
PRINT = "0123456789abcdef"


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(DocumentStore(str(tmp_path)))


def record(pages: list[int], stage: str = "layout") -> StageRecord:
    return StageRecord(stage=stage, document=ID, name="a.pdf", pages=pages, counts={"n": 1.5})


def frame(pages: list[int]) -> bytes:
    return encode_pages([Page(number, f"text {number}") for number in pages])


def pages_of(artifacts: ArtifactStore, numbers: list[int] | None = None) -> list[tuple[int, str]]:
    return [(n, page.text) for n, page in artifacts.pages(ID, "layout", PRINT, Page, numbers)]


def test_names_say_what_is_where(artifacts: ArtifactStore) -> None:
    assert artifacts.path(ID, "layout", PRINT) == f"documents/3f/{ID}/layout/{PRINT}.json.zst"
    assert artifacts.folder(ID, "documents", PRINT) == f"documents/3f/{ID}/documents/{PRINT}"


def test_a_fingerprint_names_stage_settings_and_inputs() -> None:
    base = fingerprint("layout", {"a": 1, "b": [2]}, ["x", "y"])
    assert len(base) == 16
    assert int(base, 16) >= 0
    assert fingerprint("layout", {"b": [2], "a": 1}, ["x", "y"]) == base
    others = [
        fingerprint("tables", {"a": 1, "b": [2]}, ["x", "y"]),
        fingerprint("layout", {"a": 2, "b": [2]}, ["x", "y"]),
        fingerprint("layout", {"a": 1, "b": [2]}, ["y", "x"]),
        fingerprint("layout", {"a": 1, "b": [2]}, []),
    ]
    assert len({base, *others}) == 5


def test_a_stage_of_one_frame(artifacts: ArtifactStore) -> None:
    artifacts.write(PRINT, frame([1, 2, 3]), record([1, 2, 3]))
    assert artifacts.record(ID, "layout", PRINT) == record([1, 2, 3])
    assert pages_of(artifacts) == [(1, "text 1"), (2, "text 2"), (3, "text 3")]
    assert pages_of(artifacts, [3, 1, 9]) == [(1, "text 1"), (3, "text 3")]


def test_what_a_record_says_of_pages_is_kept(artifacts: ArtifactStore) -> None:
    timed = replace(record([1, 200]), page_seconds={1: 0.5, 200: 12.25})
    artifacts.write(PRINT, frame([1, 200]), timed)
    assert artifacts.record(ID, "layout", PRINT) == timed


def test_an_artifact_of_before_a_field_was_added_is_read(artifacts: ArtifactStore) -> None:
    data = frame([1])
    meta = {"stage": "layout", "document": ID, "name": "a.pdf", "pages": [1], "counts": {"n": 1.5}}
    index = FrameIndex(frames=[Frame([1], 0, len(data))], meta=meta)
    artifacts.store.write(artifacts.path(ID, "layout", PRINT), data + index_frame(index))
    assert artifacts.record(ID, "layout", PRINT) == record([1])


def test_a_stage_without_pages(artifacts: ArtifactStore) -> None:
    artifacts.write(PRINT, b"", record([]))
    assert artifacts.record(ID, "layout", PRINT) == record([])
    assert pages_of(artifacts) == []


def test_what_is_not_there(artifacts: ArtifactStore) -> None:
    assert artifacts.record(ID, "layout", PRINT) is None
    assert artifacts.parts(ID, "layout", PRINT) == {}
    with pytest.raises(FileNotFoundError):
        pages_of(artifacts)


def test_parts_are_joined_and_go(artifacts: ArtifactStore) -> None:
    written = {
        artifacts.write_part(PRINT, frame(pages), record(pages)): record(pages)
        for pages in ([9, 10], [1, 2], [100_000], [3])
    }
    found = artifacts.parts(ID, "layout", PRINT)
    assert found == written
    [first] = [path for path, part in found.items() if part.pages == [1, 2]]
    assert [page.number for page in artifacts.part_pages(first, Page)] == [1, 2]
    in_order = sorted(found, key=lambda path: found[path].pages)
    artifacts.join(in_order, PRINT, record([1, 2, 3, 9, 10, 100_000]))
    assert [n for n, _ in pages_of(artifacts)] == [1, 2, 3, 9, 10, 100_000]
    assert pages_of(artifacts, [10, 3]) == [(3, "text 3"), (10, "text 10")]
    assert artifacts.parts(ID, "layout", PRINT) == {}
    assert artifacts.store.list("") == [artifacts.path(ID, "layout", PRINT)]


def test_frames_that_were_never_written_are_joined_with_parts(artifacts: ArtifactStore) -> None:
    path = artifacts.write_part(PRINT, frame([3, 4]), record([3, 4]))
    held = ([1, 2], frame([1, 2]))
    assert [page.number for page in artifacts.part_pages(held, Page)] == [1, 2]
    artifacts.join([held, path, ([5], frame([5]))], PRINT, record([1, 2, 3, 4, 5]))
    assert pages_of(artifacts) == [(n, f"text {n}") for n in (1, 2, 3, 4, 5)]
    assert pages_of(artifacts, [2, 5]) == [(2, "text 2"), (5, "text 5")]
    assert artifacts.parts(ID, "layout", PRINT) == {}


def test_parts_of_other_fingerprints_are_not_mixed_in(artifacts: ArtifactStore) -> None:
    artifacts.write_part(PRINT, frame([1]), record([1]))
    assert artifacts.parts(ID, "layout", "f" * 16) == {}
    assert artifacts.parts(ID, "tables", PRINT) == {}


def test_a_part_that_goes_while_parts_are_joined_leaves_no_artifact(artifacts: ArtifactStore) -> None:
    paths = [artifacts.write_part(PRINT, frame([n]), record([n])) for n in (1, 2)]
    found = artifacts.parts(ID, "layout", PRINT)
    artifacts.store.delete(paths[1:])
    with pytest.raises(FileNotFoundError):
        artifacts.join(list(found), PRINT, record([1, 2]))
    assert artifacts.record(ID, "layout", PRINT) is None


def test_pages_asked_for_read_only_their_frames(artifacts: ArtifactStore, tmp_path: Path) -> None:
    for pages in ([1, 2], [3, 4]):
        artifacts.write_part(PRINT, frame(pages), record(pages))
    artifacts.join(list(artifacts.parts(ID, "layout", PRINT)), PRINT, record([1, 2, 3, 4]))
    path = tmp_path / artifacts.path(ID, "layout", PRINT)
    data = bytearray(path.read_bytes())
    data[len(frame([1, 2])) // 2] ^= 0xFF  # within the first frame
    path.write_bytes(data)
    assert pages_of(artifacts, [4]) == [(4, "text 4")]
    with pytest.raises(ValueError, match="damaged"):
        pages_of(artifacts, [1])


def test_a_record_of_another_shape_counts_as_damaged(artifacts: ArtifactStore) -> None:
    strange = record([1])
    strange.status = "sideways"  # type: ignore[assignment]  # as a later version might write
    artifacts.write(PRINT, frame([1]), strange)
    assert artifacts.record(ID, "layout", PRINT) is None


def noise(pages: list[int], size: int) -> bytes:
    """Pages that cannot be compressed to much less than `size` bytes each."""
    source = random.Random(pages[0])
    return encode_pages([Page(number, source.randbytes(size).hex()) for number in pages])


def test_what_comes_with_the_index_is_not_read_again(tmp_path: Path) -> None:
    store = WatchedStore(str(tmp_path))
    artifacts = ArtifactStore(store)
    artifacts.write(PRINT, frame([1, 2, 3]), record([1, 2, 3]))
    assert [number for number, _ in pages_of(artifacts)] == [1, 2, 3]
    path = artifacts.path(ID, "layout", PRINT)
    assert store.seen.calls == [("write", path), ("tail", path)]


def test_frames_before_the_tail_are_read_alone(tmp_path: Path) -> None:
    plain = ArtifactStore(DocumentStore(str(tmp_path)))
    chunks = [[1, 2], [3, 4], [5, 6]]
    for pages in chunks:
        plain.write_part(PRINT, noise(pages, TAIL_BYTES // 3), record(pages))
    plain.join(list(plain.parts(ID, "layout", PRINT)), PRINT, record([1, 2, 3, 4, 5, 6]))
    store = WatchedStore(str(tmp_path))
    found = pages_of(ArtifactStore(store))
    assert [number for number, _ in found] == [1, 2, 3, 4, 5, 6]
    assert [text for _, text in found] == [
        page.text for pages in chunks for page in decode_pages(noise(pages, TAIL_BYTES // 3), Page)
    ]
    # the last frame came with the index
    assert [kind for kind, _ in store.seen.calls] == ["tail", "read", "read"]
