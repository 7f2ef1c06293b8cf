"""Documents in batches: keys, limits, manifests."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from docmill.pipeline.intake import batches
from docmill.pipeline.intake.batches import (
    BatchLimits,
    DocumentRef,
    Manifest,
    batch_key,
    group,
    read_manifest,
    write_manifest,
)
from docmill.resources.clients.files.document_store import DocumentStore

DAY = date(2026, 11, 23)


def ref(n: int, name: str = "", size: int = 10, source: str = "") -> DocumentRef:
    return DocumentRef(f"{n:064x}", name or f"{n}.pdf", source or f"/in/{n}.pdf", size)


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Annual Report (2023).pdf", "annual-report-2023"),
        ("folder/été.PDF", "ete"),
        ("تقرير.pdf", "document"),
        ("no extension", "no-extension"),
        ("x" * 100 + ".pdf", "x" * 40),
        ("../../etc/passwd", "passwd"),
        (".pdf", "pdf"),
    ],
)
def test_the_key_of_one_document_carries_its_name(name: str, slug: str) -> None:
    key = batch_key([ref(1, name)], DAY)
    assert key.startswith(f"2026-11-23-{slug}-")
    assert len(key) == len(f"2026-11-23-{slug}-") + 6


def test_the_key_of_many_says_how_many_in_any_order() -> None:
    documents = [ref(n) for n in range(64)]
    key = batch_key(documents, DAY)
    assert key.startswith("2026-11-23-64docs-")
    assert batch_key(documents[::-1], DAY) == key
    assert batch_key(documents, date(2026, 11, 24)) != key
    assert batch_key([*documents[1:], ref(99)], DAY) != key


def test_documents_are_grouped_by_number() -> None:
    found = list(group((ref(n) for n in range(7)), BatchLimits(documents=3)))
    assert [[int(d.id, 16) for d in batch] for batch in found] == [[0, 1, 2], [3, 4, 5], [6]]


def test_documents_are_grouped_by_bytes_and_one_is_always_a_batch() -> None:
    sizes = [50, 60, 500, 10, 10]
    found = list(group((ref(n, size=size) for n, size in enumerate(sizes)), BatchLimits(bytes=100)))
    assert [[d.size for d in batch] for batch in found] == [[50], [60], [500], [10, 10]]


def test_the_same_file_twice_is_taken_once_and_the_same_bytes_elsewhere_too() -> None:
    copy = ref(1, "copy.pdf", source="/in/copy.pdf")
    [batch] = group([ref(1), ref(2), ref(1), copy], BatchLimits())
    assert batch == [ref(1), ref(2), copy]


def test_nothing_makes_no_batch() -> None:
    assert list(group([], BatchLimits())) == []


def test_a_manifest_is_kept_and_read(store: DocumentStore) -> None:
    documents = [ref(2), ref(1)]
    manifest = write_manifest(store, documents)
    assert read_manifest(store, manifest.key) == manifest
    assert [d.source for d in manifest.documents] == ["/in/1.pdf", "/in/2.pdf"]
    assert store.list("") == [f"batches/{manifest.key}.json"]


def test_a_manifest_that_is_not_there(store: DocumentStore) -> None:
    with pytest.raises(FileNotFoundError):
        read_manifest(store, "2026-11-23-nothing-000000")


def test_the_same_batch_again_is_the_same_manifest(store: DocumentStore) -> None:
    first = write_manifest(store, [ref(1), ref(2)])
    path = Path(store.full_path(f"batches/{first.key}.json"))
    before = path.stat().st_mtime_ns
    assert write_manifest(store, [ref(2), ref(1)]) == first
    assert path.stat().st_mtime_ns == before


def test_a_batch_whose_files_have_moved_keeps_its_key(store: DocumentStore) -> None:
    first = write_manifest(store, [ref(1)])
    moved = write_manifest(store, [ref(1, source="/elsewhere/1.pdf")])
    assert moved.key == first.key
    assert read_manifest(store, first.key).documents[0].source == "/elsewhere/1.pdf"


def test_another_batch_never_takes_a_key(store: DocumentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_DIGITS", 0)  # so that the keys of all batches begin alike
    monkeypatch.setattr(batch_key, "__defaults__", (0,))
    made: list[Manifest] = [write_manifest(store, [ref(n), ref(n + 1)]) for n in range(0, 40, 2)]
    assert len({manifest.key for manifest in made}) == 20
    for manifest in made:
        assert read_manifest(store, manifest.key).documents == manifest.documents
    assert write_manifest(store, made[3].documents).key == made[3].key


def test_the_stem_keeps_folders() -> None:
    assert ref(1, "a/b.c.pdf").stem == "a/b.c"
    assert DocumentRef("0" * 64, "a.pdf", "/a.pdf", 1, "a-000000").stem == "a-000000"


@pytest.mark.parametrize(("letter", "kept"), [("x", 220), ("長", 73)])
def test_results_of_long_names_have_names_that_file_systems_take(letter: str, kept: int) -> None:
    name = f"folder/{letter * (251 // len(letter.encode()))}.pdf"
    assert ref(1, name).stem == f"folder/{letter * kept}-000000"
    assert ref(1, f"folder/{letter * 60}.pdf").stem == f"folder/{letter * 60}"
