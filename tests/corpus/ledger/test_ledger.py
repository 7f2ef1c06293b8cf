"""What the ledger says of documents, from their being queued on, and that it can be made again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from docmill.pipeline.convert.errors import DocumentTimeoutError, EncryptedPdfError
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.entries import (
    ATTEMPTS,
    DOCUMENTS,
    SOURCES,
    Attempt,
    DocumentRow,
    SourceRow,
    from_table,
    to_rows,
)
from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.corpus.ledger.rebuild import rebuild
from docmill.pipeline.corpus.ledger.select import FAILED, Selection
from docmill.pipeline.intake.batches import CONVERT, INBOX, DocumentRef, Manifest, write_manifest
from docmill.pipeline.intake.overdue import OVERDUE_COLUMNS, Overdue, OverdueLimits, overdue_batches
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import PageIssue, StageRecord, quarantine
from docmill.resources.clients.files.document_store import DocumentStore

PRINTS = {"pages": "a" * 16, "exports": "b" * 16}


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path / "store"))


@pytest.fixture
def ledger(store: DocumentStore) -> Ledger:
    return open_ledger(store)


def ref(n: int, name: str = "") -> DocumentRef:
    return DocumentRef(f"{n:02x}" * 32, name or f"{n}.pdf", f"/in/{name or n}.pdf", 10 * n, version="v1")


def done(document: DocumentRef, stage: str = "exports") -> StageRecord:
    return StageRecord(
        stage=stage,
        document=document.id,
        name=document.name,
        page_count=3,
        pages=[1, 2, 3],
        seconds=1.5,
        device_seconds={"heron": 0.25},
        extra={"files": {"md": "x/document.md"}},
    )


def locked(document: DocumentRef, stage: str = "exports") -> StageRecord:
    return quarantine(stage, document.id, document.name, EncryptedPdfError("it needs a password"), 0.1)


def late(document: DocumentRef) -> StageRecord:
    return quarantine("exports", document.id, document.name, DocumentTimeoutError("too slow"), 9.0)


def outcome(manifest: Manifest, **prints: str) -> Outcome:
    return Outcome(manifest.key, manifest.origin, "run-1", PRINTS | prints, "/out")


def queued(store: DocumentStore, ledger: Ledger, *documents: DocumentRef, origin: str = INBOX) -> Manifest:
    manifest = write_manifest(store, documents, origin)
    ledger.queue([manifest])
    return manifest


def test_columns_and_structs_agree() -> None:
    for schema, kind in ((DOCUMENTS, DocumentRow), (SOURCES, SourceRow), (ATTEMPTS, Attempt)):
        assert schema.names == [field.name for field in msgspec.structs.fields(kind)]


def test_rows_survive_parquet(ledger: Ledger) -> None:
    row = DocumentRow(
        id="1" * 64,
        name="ü.pdf",
        source="/in/ü.pdf",
        size=1 << 40,
        at=datetime(2026, 11, 25, 1, 2, 3, 4, tzinfo=UTC),
        batch="b",
        device_seconds={"heron": 0.25},
        prints=PRINTS,
        files={"md": "x"},
        permanent=True,
    )
    ledger.documents.append(to_rows([row]))
    assert list(from_table(ledger.documents.find([row.entry]), DocumentRow)) == [row]


def test_a_document_waits_and_then_has_its_end(store: DocumentStore, ledger: Ledger) -> None:
    manifest = queued(store, ledger, ref(1), ref(2))
    assert [row.state for row in ledger.all()] == ["queued", "queued"]
    ledger.settle(outcome(manifest), manifest.documents, [done(ref(1)), locked(ref(2))], {ref(2).id: "/kept"})
    good, bad = ledger.all()
    assert (good.state, good.pages, good.page_count, good.seconds) == ("converted", 3, 3, 1.5)
    assert good.device_seconds == {"heron": 0.25}
    assert (good.files, good.out, good.run) == ({"md": "x/document.md"}, "/out", "run-1")
    assert (good.prints, good.last_print, good.attempts) == (PRINTS, "b" * 16, 0)
    assert (bad.state, bad.reason, bad.stage, bad.permanent) == ("quarantined", "encrypted", "exports", True)
    assert (bad.files, bad.original, bad.ref.source, bad.attempts) == ({}, "/kept", "/kept", 1)
    assert "password" in bad.message + bad.remedy


def test_a_page_that_failed_makes_it_partial_with_the_reason(store: DocumentStore, ledger: Ledger) -> None:
    manifest = queued(store, ledger, ref(1))
    record = done(ref(1))
    record.status, record.issues = "partial", [PageIssue(2, "ocr", "timed_out", "too slow")]
    [row] = ledger.settle(outcome(manifest), manifest.documents, [record])
    assert (row.state, row.reason, row.issues, row.permanent) == ("partial", "timed_out", 1, False)


def test_attempts_are_counted_until_the_settings_change(store: DocumentStore, ledger: Ledger) -> None:
    manifest = queued(store, ledger, ref(1))
    attempts = []
    for prints in ({}, {}, {"exports": "c" * 16}, {"exports": "c" * 16}):
        [row] = ledger.settle(outcome(manifest, **prints), manifest.documents, [late(ref(1))])
        attempts.append(row.attempts)
    assert attempts == [1, 2, 1, 2]
    [row] = ledger.settle(outcome(manifest), manifest.documents, [done(ref(1))])
    assert row.attempts == 0


def test_queueing_a_batch_that_ran_meanwhile_changes_nothing(store: DocumentStore, ledger: Ledger) -> None:
    manifest = write_manifest(store, [ref(1)], INBOX)
    ledger.settle(outcome(manifest), manifest.documents, [done(ref(1))])
    ledger.queue([manifest])  # the sensor says so in its next tick only
    assert [row.state for row in ledger.all()] == ["converted"]
    assert ledger.source(ref(1).source) is not None
    ledger.queue([manifest], again=True)
    [row] = ledger.all()
    assert (row.state, row.files) == ("queued", {"md": "x/document.md"})


def test_what_is_converted_by_hand_takes_no_source_from_the_inbox(
    store: DocumentStore, ledger: Ledger
) -> None:
    origins = []
    for origin in (CONVERT, INBOX, CONVERT):
        queued(store, ledger, ref(1), origin=origin)
        source = ledger.source(ref(1).source)
        origins.append(source and source.origin)
    assert origins == [CONVERT, INBOX, INBOX]


def test_documents_are_selected(store: DocumentStore, ledger: Ledger) -> None:
    first = queued(store, ledger, ref(1, "x/a"), ref(2, "x/b"))
    second = queued(store, ledger, ref(3, "y/c"), ref(4, "y/d"))
    ledger.settle(outcome(first), first.documents, [done(ref(1)), locked(ref(2))])
    ledger.settle(outcome(second), second.documents[:1], [late(ref(3))])

    def found(selection: Selection) -> list[int]:
        return [int(row.id[:2], 16) for row in selection.rows(ledger)]

    assert found(Selection()) == [1, 2, 3, 4]
    assert found(Selection(states=FAILED)) == [2, 3]
    assert found(Selection(states=FAILED, reasons=["timed_out"])) == [3]
    assert found(Selection(reasons=["timed", "out"])) == []
    assert found(Selection(batches=[second.key])) == [3, 4]
    assert found(Selection(prefix="/in/y/")) == found(Selection(prefix="y/")) == [3, 4]
    assert found(Selection(since=datetime.now(UTC) + timedelta(hours=1))) == []
    assert found(Selection(since=datetime.now(UTC) - timedelta(hours=1))) == [1, 2, 3, 4]
    assert [row.id[:2] for row in ledger.beginning_with("03")] == ["03"]


# --- overdue ---


def test_what_is_overdue(store: DocumentStore, ledger: Ledger) -> None:
    batches = [queued(store, ledger, ref(n)) for n in range(1, 7)]
    ends = [done, locked, late, done, done]
    for number, (manifest, end) in enumerate(zip(batches, ends, strict=False), 1):
        prints = {"exports": "0" * 16} if number == 4 else {}
        ledger.settle(outcome(manifest, **prints), manifest.documents, [end(ref(number))])
    by_hand = queued(store, ledger, ref(9), origin="convert")
    ledger.settle(outcome(by_hand, exports="0" * 16), by_hand.documents, [done(ref(9))])
    now = datetime.now(UTC) + timedelta(hours=2)
    current = PRINTS["exports"]
    third, fourth, sixth = (batches[n - 1].key for n in (3, 4, 6))
    assert overdue_batches(ledger.documents.scan(OVERDUE_COLUMNS), current, now=now) == [
        Overdue(sixth, "missing", 1),
        Overdue(third, "failed", 1),
        Overdue(fourth, "stale", 1),
    ]
    assert [each.why for each in overdue_batches(ledger.documents.scan(OVERDUE_COLUMNS), None, now=now)] == [
        "missing",
        "failed",
    ]
    assert [each.why for each in overdue_batches(ledger.documents.scan(OVERDUE_COLUMNS), current)] == [
        "failed",
        "stale",
    ]
    assert overdue_batches(ledger.documents.scan(OVERDUE_COLUMNS), current, ["stale"]) == [
        Overdue(fourth, "stale", 1)
    ]


def test_what_failed_often_is_left_to_people(store: DocumentStore, ledger: Ledger) -> None:
    manifest = queued(store, ledger, ref(1))
    found = []
    for _ in range(3):
        ledger.settle(outcome(manifest), manifest.documents, [late(ref(1))])
        found.append(
            len(
                overdue_batches(
                    ledger.documents.scan(OVERDUE_COLUMNS), None, limits=OverdueLimits(max_attempts=3)
                )
            )
        )
    assert found == [1, 1, 0]


# --- rebuilt ---


def test_the_ledger_is_made_again_from_manifests_and_artifacts(store: DocumentStore, ledger: Ledger) -> None:
    artifacts = ArtifactStore(store)
    manifest = queued(store, ledger, ref(1), ref(2), ref(3), ref(4))
    ends = {1: done, 2: locked}
    for number, end in ends.items():
        for stage in ("pages", "exports"):
            artifacts.write(PRINTS[stage], b"", end(ref(number), stage))
    artifacts.write(PRINTS["pages"], b"", done(ref(3), "pages"))  # its run did not get further
    records = [
        msgspec.structs.replace(done(ref(1)), seconds=3.0, device_seconds={"heron": 0.5}),
        replace_seconds(locked(ref(2)), 0.2),
    ]
    ledger.settle(replace(outcome(manifest), run="", out=""), manifest.documents[:2], records)
    before = list(ledger.all())
    sources = ledger.seen([each.source for each in manifest.documents])
    ledger.documents.clear()
    ledger.sources.clear()
    assert list(ledger.all()) == []

    made = rebuild(store, ledger)
    assert (made.batches, made.documents, made.settled) == (1, 4, 2)
    after = list(ledger.all())
    assert [timeless(row) for row in after] == [timeless(row) for row in before]
    assert ledger.seen([each.source for each in manifest.documents]) == sources


def replace_seconds(record: StageRecord, seconds: float) -> StageRecord:
    return msgspec.structs.replace(record, seconds=seconds)


def timeless(row: DocumentRow) -> DocumentRow:
    return msgspec.structs.replace(row, at=datetime.min, seconds=round(row.seconds, 6))
