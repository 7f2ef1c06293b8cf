"""From folders to batches."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import SourceMissingError
from docmill.pipeline.intake.batches import BatchLimits, read_manifest
from docmill.pipeline.intake.ingest import distinct_names, find_documents, make_batches
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    for name, content in {"b.pdf": b"B", "a.PDF": b"A", "deep/er/b.pdf": b"C", "copy.pdf": b"B"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "notes.txt").write_text("no")
    return folder


@pytest.fixture
def sources(tmp_path: Path) -> SourceCache:
    return SourceCache(tmp_path / "sources")


def test_documents_are_identified_by_their_bytes(inbox: Path, sources: SourceCache) -> None:
    found = list(find_documents([str(inbox)], sources))
    assert [(d.name, d.id) for d in found] == [
        (name, sha256(content).hexdigest())
        for name, content in [("a.PDF", b"A"), ("b.pdf", b"B"), ("copy.pdf", b"B"), ("deep/er/b.pdf", b"C")]
    ]
    assert all(Path(d.source).is_absolute() and d.size == 1 for d in found)
    assert not sources.folder.exists()  # local files are read where they are


def test_a_place_that_does_not_exist(inbox: Path, sources: SourceCache) -> None:
    with pytest.raises(SourceMissingError, match="nowhere"):
        list(find_documents([str(inbox), str(inbox / "nowhere")], sources))


def test_an_empty_folder_holds_no_documents(tmp_path: Path, sources: SourceCache) -> None:
    (tmp_path / "empty").mkdir()
    assert list(find_documents([str(tmp_path / "empty")], sources)) == []


def test_results_of_files_with_one_name_do_not_overwrite_each_other(
    inbox: Path, sources: SourceCache
) -> None:
    (inbox / "deep" / "B.pdf").write_bytes(b"D")
    places = [str(inbox / name) for name in ("b.pdf", "deep/er/b.pdf", "deep/B.pdf", "a.PDF", "b.pdf")]
    found = distinct_names(list(find_documents(places, sources)))
    ids = {content: sha256(content).hexdigest()[:6] for content in (b"B", b"C", b"D")}
    assert [d.stem for d in found] == [f"b-{ids[b'B']}", f"b-{ids[b'C']}", f"B-{ids[b'D']}", "a"]
    assert [d.name for d in found] == ["b.pdf", "b.pdf", "B.pdf", "a.PDF"]


def test_a_file_named_twice_keeps_its_plain_name(inbox: Path, sources: SourceCache) -> None:
    found = distinct_names(list(find_documents([str(inbox / "b.pdf")] * 2, sources)))
    assert [d.stem for d in found] == ["b"]


def test_batches_are_written(inbox: Path, sources: SourceCache, tmp_path: Path) -> None:
    store = DocumentStore(str(tmp_path / "store"))
    made = list(make_batches(store, find_documents([str(inbox)], sources), BatchLimits(documents=3)))
    assert [len(manifest.documents) for manifest in made] == [3, 1]
    assert [read_manifest(store, manifest.key) for manifest in made] == made
