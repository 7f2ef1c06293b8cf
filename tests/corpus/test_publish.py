"""Exports under names that people know."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import BackendConfigError, EncryptedPdfError
from docmill.pipeline.corpus.publish import publish
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.records import StageRecord, quarantine
from docmill.resources.clients.files.document_store import DocumentStore


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    made = DocumentStore(str(tmp_path / "store"))
    made.write("x/1.md", b"one")
    made.write("x/1.jsonl", b"{}\n")
    return made


def exported(name: str, **files: str) -> StageRecord:
    return StageRecord(stage="exports", document="1" * 64, name=name, extra={"files": files})


def test_files_are_copied_under_the_document_s_name(store: DocumentStore, tmp_path: Path) -> None:
    documents = [
        DocumentRef("1" * 64, "in/report.v2.pdf", "/in/report.v2.pdf", 1),
        DocumentRef("1" * 64, "b.pdf", "/b.pdf", 1, "b-111111"),
    ]
    record = exported("report", **{"md": "x/1.md", "chunks.jsonl": "x/1.jsonl"})
    out = tmp_path / "out"
    written = publish(store, documents, [record, record], str(out))
    expected = [
        out / name
        for name in ("in/report.v2.md", "in/report.v2.chunks.jsonl", "b-111111.md", "b-111111.chunks.jsonl")
    ]
    assert [Path(path) for path in written] == expected
    assert sorted(path for path in out.rglob("*") if path.is_file()) == sorted(expected)
    assert (out / "in/report.v2.md").read_bytes() == b"one"


def test_what_could_not_be_converted_leaves_no_file(store: DocumentStore, tmp_path: Path) -> None:
    document = DocumentRef("1" * 64, "a.pdf", "/a.pdf", 1)
    record = quarantine("exports", document.id, "a.pdf", EncryptedPdfError("locked"), 0.0)
    assert publish(store, [document], [record], str(tmp_path / "out")) == []
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_misuse(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    document = DocumentRef("1" * 64, "a.pdf", "/a.pdf", 1)
    with pytest.raises(BackendConfigError, match="file/out"):
        publish(store, [document], [exported("a", md="x/1.md")], str(tmp_path / "file" / "out"))


def test_pictures_are_copied_and_referred_to_under_the_name(store: DocumentStore, tmp_path: Path) -> None:
    for path, data in (("x/1.png", b"PNG"), ("x/2.md", b"![Image](document_artifacts/1.png)")):
        store.write(path, data)
    document = DocumentRef("1" * 64, "in/a b.pdf", "/in/a b.pdf", 1)
    record = exported("a b", md="x/2.md")
    record.extra["images"] = {"1.png": "x/1.png"}
    written = publish(store, [document], [record], str(tmp_path))
    assert written == [str(tmp_path / "in/a b_artifacts/1.png"), str(tmp_path / "in/a b.md")]
    assert (tmp_path / "in/a b_artifacts/1.png").read_bytes() == b"PNG"
    assert (tmp_path / "in/a b.md").read_text() == "![Image](a%20b_artifacts/1.png)"
