"""Reports, estimates, garbage, kept originals: what is done with a ledger of documents that ran."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pypdfium2
import pytest

from docmill.pipeline.corpus.garbage import find_garbage
from docmill.pipeline.corpus.ledger.entries import DocumentRow, to_rows
from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.corpus.publish import INDEX, write_index
from docmill.pipeline.corpus.quarantine import keep_originals, original_path
from docmill.pipeline.corpus.report import markdown_report, write_report
from docmill.pipeline.intake.batches import INBOX, DocumentRef, Manifest, write_manifest
from docmill.pipeline.intake.estimate import estimate
from docmill.pipeline.intake.page_counts import count_pages
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord, Status
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, content_hash
from docmill.resources.price import Price

NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)
SOON = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path / "store"))


@pytest.fixture
def ledger(store: DocumentStore) -> Ledger:
    return open_ledger(store)


def row(n: int, **more: object) -> DocumentRow:
    given = {"batch": "b1", "state": "converted", "pages": 10, "page_count": 10, "seconds": 20.0} | more
    base = DocumentRow(
        id=f"{n:02x}" * 32, name=f"{n}.pdf", source=f"/in/{n}.pdf", size=1000, at=NOW, batch=""
    )
    return msgspec.structs.replace(base, **given)


def test_the_report_counts_and_lists_every_document(store: DocumentStore, ledger: Ledger) -> None:
    rows = [
        row(1, device_seconds={"heron": 3600.0, "tableformer": 1800.0}),
        row(2, device_seconds={"heron": 1800.0}, characters={"read": 1200.0, "left_out/off_page": 9.0}),
        row(3, state="quarantined", reason="<encrypted>", pages=0, batch="b2"),
        row(4, state="queued", pages=0, page_count=0, seconds=0.0, batch="b2"),
    ]
    ledger.documents.append(to_rows(rows))
    totals, table, page = write_report(store, ledger, Price(2.0), NOW)
    assert (totals.documents, totals.pages, totals.gpu_hours, len(totals.batches)) == (4, 20, 2.0, 2)
    assert totals.states == {"converted": 2, "quarantined": 1, "queued": 1}
    assert totals.days == {"2026-11-25": 3}
    listed = {each["name"]: each for each in pq.read_table(table).to_pylist()}
    assert len(listed) == 4
    assert listed["1.pdf"]["gpu_seconds"] == 5400.0
    assert listed["1.pdf"]["gpu_seconds_per_page"] == 540.0
    assert (listed["1.pdf"]["cost"], listed["1.pdf"]["currency"]) == (3.0, "USD")
    assert (listed["4.pdf"]["cost"], listed["4.pdf"]["gpu_seconds_per_page"]) == (0.0, 0.0)
    assert totals.gpu_seconds_per_page == 360.0
    text = Path(page).read_text("utf-8")
    assert "&lt;encrypted&gt;" in text
    assert "4.00 USD" in text
    assert "| heron | 1.500 |" in markdown_report(totals, Price(2.0))
    assert "| read | 1,200 |\n| left out (off page) | 9 |" in markdown_report(totals, None)


def test_an_empty_corpus_has_a_report_too(store: DocumentStore, ledger: Ledger) -> None:
    totals, table, _ = write_report(store, ledger, None, NOW)
    assert totals.documents == len(pq.read_table(table)) == 0


def test_an_estimate_goes_by_what_documents_took(ledger: Ledger) -> None:
    known = row(1, seconds=3600.0, device_seconds={"heron": 360.0})  # ten pages
    ledger.documents.append(to_rows([known]))
    waiting = [row(n, batch="b2", state="queued", pages=0, page_count=0, seconds=0.0) for n in (2, 3)]
    opened = row(4, batch="b2", state="failed", pages=0, page_count=30, seconds=1.0, size=1 << 20)
    ledger.documents.append(to_rows([*waiting, opened]))
    found = estimate(ledger, {"b2"}, Price(3.0))
    assert (found.batches, found.documents, found.pages, found.guessed) == (1, 3, 50, 20)
    assert found.worker_hours == pytest.approx(5.0)
    assert found.gpu_hours == pytest.approx(0.5)
    assert found.cost == pytest.approx(1.5)


def test_what_was_not_opened_is_rather_guessed_too_big(ledger: Ledger) -> None:
    """Ten known files of like size, one of them with forty pages: the mean would be 13."""
    known = [row(n, page_count=40 if n == 9 else 10) for n in range(10)]
    waiting = row(20, batch="b2", state="queued", pages=0, page_count=0)
    big = row(21, batch="b2", state="queued", pages=0, page_count=0, size=4000)
    ledger.documents.append(to_rows([*known, waiting, big]))
    found = estimate(ledger, {"b2"}, None)
    assert (found.pages, found.guessed) == (40 + 4 * 40, 40 + 4 * 40)


def test_few_files_that_are_here_are_counted(ledger: Ledger) -> None:
    samples = Path(__file__).parents[1] / "samples"
    files = {name: samples / name for name in ("many_pages.pdf", "two_column_paper.pdf", "not_a_pdf.pdf")}
    waiting = [
        row(n, batch="b2", state="queued", pages=0, page_count=0, source=str(path))
        for n, path in enumerate(files.values(), 2)
    ]
    ledger.documents.append(to_rows([row(1, pages=1, page_count=1), *waiting]))
    found = estimate(ledger, {"b2"}, None)
    with (
        pypdfium2.PdfDocument(files["many_pages.pdf"]) as many,
        pypdfium2.PdfDocument(files["two_column_paper.pdf"]) as paper,
    ):
        assert found.pages == len(many) + len(paper) + 1
    assert found.guessed == 1


def test_a_file_that_takes_too_long_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    assert count_pages([str(tmp_path / "pipe.pdf"), "s3://bucket/a.pdf", "/nowhere.pdf"]) == {}
    assert count_pages([str(Path(__file__).parents[1] / "samples" / "form.pdf")], seconds=0.001) == {}


def test_there_is_no_estimate_without_anything_to_go_by(ledger: Ledger) -> None:
    ledger.documents.append(to_rows([row(1, state="queued", pages=0, page_count=0, seconds=0.0)]))
    found = estimate(ledger, {"b1"}, None)
    assert (found.documents, found.worker_hours, found.gpu_hours) == (1, None, None)


def test_garbage_is_what_nobody_needs_and_nothing_else(store: DocumentStore, ledger: Ledger) -> None:
    artifacts = ArtifactStore(store)
    mine, other, unknown = row(1, prints={"pages": "new"}), row(2), "ff" * 32
    waiting = row(3, state="queued", prints={"pages": "new"})
    ledger.documents.append(to_rows([mine, other, waiting]))
    kept = [
        artifacts.path(mine.id, "pages", "new"),
        f"{artifacts.folder(mine.id, 'pages', 'new')}/document.md",
        artifacts.path(mine.id, "later_stage", "old"),
        artifacts.path(unknown, "pages", "old"),
        artifacts.path(waiting.id, "pages", "old"),
        f"batches/{mine.batch}.json",
        f"quarantine/ff/{unknown}.pdf",
    ]
    gone = {
        artifacts.path(mine.id, "pages", "old"): "superseded",
        f"{artifacts.folder(mine.id, 'pages', 'old')}/document.md": "superseded",
        f"{artifacts.folder(mine.id, 'pages', 'new')}.parts/000001-000008.json.zst": "page chunks",
        original_path(mine.id): "originals",
        "ledger/documents/runs/dead/00000.parquet": "ledger",
    }
    for path in [*kept, *gone]:
        store.write(path, b"x")
    left = Path(store.full_path("documents/01/.x.0123abcd.partial"))
    left.write_bytes(b"x")
    found = {each.object.path: each.kind for each in find_garbage(store, ledger, SOON)}
    assert found == gone | {"documents/01/.x.0123abcd.partial": "unfinished writes"}
    assert list(find_garbage(store, ledger, datetime.now(UTC) - timedelta(hours=1))) == []


def test_originals_are_kept_of_those_that_failed(store: DocumentStore, tmp_path: Path) -> None:
    documents = []
    for name in ("good", "bad", "gone"):
        path = tmp_path / f"{name}.pdf"
        path.write_text(name)
        documents.append(DocumentRef(content_hash(path), path.name, str(path), 4))
    (tmp_path / "gone.pdf").unlink()
    ends: tuple[Status, ...] = ("converted", "quarantined", "failed")
    records = [
        StageRecord(stage="exports", document=each.id, name=each.name, status=status)
        for each, status in zip(documents, ends, strict=True)
    ]
    kept = keep_originals(store, SourceCache(tmp_path / "cache"), documents, records)
    assert kept == {documents[1].id: store.full_path(original_path(documents[1].id))}
    assert store.read(original_path(documents[1].id)) == b"bad"
    assert (tmp_path / "bad.pdf").read_text() == "bad"


def test_the_index_names_files_and_reasons(tmp_path: Path) -> None:
    out = DocumentStore(str(tmp_path / "out"))
    rows = [row(1, files={"md": "x", "json": "y"}), row(2, state="quarantined", reason="corrupt")]
    for _ in range(2):
        write_index(rows, "b1", out.url)
    [path] = out.list(INDEX)
    table = pq.read_table(io.BytesIO(out.read(path))).to_pylist()
    assert [(each["state"], each["files"], each["reason"]) for each in table] == [
        ("converted", ["1.md", "1.json"], ""),
        ("quarantined", [], "corrupt"),
    ]


def test_a_batch_of_the_inbox_at_other_places_is_another_batch(store: DocumentStore) -> None:
    def made(folder: str, origin: str) -> Manifest:
        return write_manifest(store, [DocumentRef("1" * 64, "a.pdf", f"{folder}/a.pdf", 1)], origin)

    assert made("/x", INBOX).key == made("/x", INBOX).key != made("/y", INBOX).key
    assert made("/x", "convert").key == made("/x", "convert").key
