"""Whose results stand under a name: another document's stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docmill.pipeline.corpus.names import apart_from_others, take_names
from docmill.pipeline.intake.batches import DocumentRef
from docmill.resources.clients.files.document_store import DocumentStore


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path / "store"))


def document(id_: str, source: str) -> DocumentRef:
    return DocumentRef(id_ * 64, Path(source).name, source, 1)


def convert(store: DocumentStore, out: Path, ref: DocumentRef, content: bytes) -> str:
    """As a run does: the name of the results."""
    [named] = apart_from_others(store, [ref], str(out))
    take_names(store, [named], str(out))
    DocumentStore(str(out)).write(f"{named.stem}.md", content)
    return named.stem


def test_another_document_of_the_name_does_not_replace_the_first(
    store: DocumentStore, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first, second = document("1", "/a/report.pdf"), document("2", "/b/report.pdf")
    assert convert(store, out, first, b"first") == "report"
    assert convert(store, out, second, b"second") == "report-222222"
    assert (out / "report.md").read_bytes() == b"first"
    # again, and with other settings: each its own
    assert convert(store, out, first, b"first, flat") == "report"
    assert convert(store, out, second, b"second, flat") == "report-222222"
    assert convert(store, tmp_path / "other", second, b"second") == "report"


def test_a_file_that_has_changed_replaces_its_own_results(store: DocumentStore, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert(store, out, document("1", "/a/report.pdf"), b"old")
    assert convert(store, out, document("2", "/a/report.pdf"), b"new") == "report"


def test_a_name_is_free_where_nothing_came_of_it(store: DocumentStore, tmp_path: Path) -> None:
    out = tmp_path / "out"
    take_names(store, [document("1", "/a/report.pdf")], str(out))
    assert convert(store, out, document("2", "/b/report.pdf"), b"second") == "report"
    assert convert(store, out, document("1", "/a/report.pdf"), b"first") == "report-111111"


def test_a_file_of_the_user_s_own_is_left_alone(store: DocumentStore, tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("my notes")
    assert convert(store, tmp_path, document("1", "/a/report.pdf"), b"made") == "report-111111"
    assert (tmp_path / "report.md").read_text() == "my notes"


def test_results_of_a_run_before_names_were_kept_are_known_by_their_bytes(
    store: DocumentStore, tmp_path: Path
) -> None:
    store.write(f"documents/11/{'1' * 64}/exports/0123/document.md", b"made")
    (tmp_path / "report.md").write_bytes(b"made")
    assert convert(store, tmp_path, document("1", "/a/report.pdf"), b"made anew") == "report"


def test_results_out_of_another_store_are_known_by_what_they_say(tmp_path: Path) -> None:
    out, ref = tmp_path / "out", document("1", "/a/report.pdf")
    origin: dict[str, dict[str, object]] = {
        "origin": {"binary_hash": int("1" * 16, 16), "filename": "report.pdf"}
    }
    DocumentStore(str(out)).write("report.json", json.dumps(origin).encode())
    assert convert(DocumentStore(str(tmp_path / "new")), out, ref, b"made") == "report"
    origin["origin"]["binary_hash"] = 2
    (out / "other.json").write_text(json.dumps(origin))
    assert convert(DocumentStore(str(tmp_path / "newer")), out, document("1", "/a/other.pdf"), b"") != "other"
