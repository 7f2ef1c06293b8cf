"""What stands of a document: its result, whatever is tried after it, and each of its names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from docmill.pipeline.convert.errors import (
    BatchStoppedError,
    DocumentTimeoutError,
    PageRangeError,
    RunCancelledError,
    ServerAwayError,
)
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.entries import DOCUMENTS, DocumentRow, entry_of, to_rows
from docmill.pipeline.corpus.ledger.keyed_table import LedgerTable
from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.corpus.ledger.rebuild import rebuild
from docmill.pipeline.corpus.ledger.select import FAILED, Selection
from docmill.pipeline.intake.batches import (
    CONVERT,
    INBOX,
    DocumentRef,
    Manifest,
    read_manifest,
    write_manifest,
)
from docmill.pipeline.intake.overdue import OVERDUE_COLUMNS, Overdue, OverdueLimits, overdue_batches
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import PageIssue, StageRecord, quarantine
from docmill.resources.clients.files.document_store import DocumentStore

PRINTS = {"pages": "a" * 16, "exports": "b" * 16}
OTHERS = {"pages": "c" * 16, "exports": "d" * 16}
ID = "12" * 32


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path / "store"))


@pytest.fixture
def ledger(store: DocumentStore) -> Ledger:
    return open_ledger(store)


def ref(name: str = "a.pdf", folder: str = "/in", id_: str = ID) -> DocumentRef:
    return DocumentRef(id_, name, f"{folder}/{name}", 10, version="v1" if folder == "/in" else "")


def good(document: DocumentRef, stage: str = "exports") -> StageRecord:
    return StageRecord(
        stage=stage,
        document=document.id,
        name=document.name,
        page_count=3,
        pages=[1, 2, 3],
        seconds=1.5,
        extra={"files": {"md": f"x/{stage}/document.md"}},
    )


def partial(document: DocumentRef) -> StageRecord:
    issue = PageIssue(2, "ocr", "timed_out", "too slow")
    return msgspec.structs.replace(good(document), status="partial", issues=[issue])


def bad(document: DocumentRef) -> StageRecord:
    return quarantine("pages", document.id, document.name, PageRangeError("it has 3 pages"), 0.1)


def late(document: DocumentRef) -> StageRecord:
    return quarantine("pages", document.id, document.name, DocumentTimeoutError("too slow"), 0.1)


def queued(store: DocumentStore, ledger: Ledger, *documents: DocumentRef, origin: str = INBOX) -> Manifest:
    manifest = write_manifest(store, documents, origin)
    ledger.queue([manifest], resumed=origin == CONVERT)
    return manifest


def ran(
    ledger: Ledger,
    manifest: Manifest,
    *records: StageRecord,
    prints: dict[str, str] = PRINTS,
    out: str = "/out",
    run: str = "run-1",
) -> list[DocumentRow]:
    made = Outcome(manifest.key, manifest.origin, run, prints, out)
    return ledger.settle(made, manifest.documents, list(records))


def only(ledger: Ledger) -> DocumentRow:
    [row] = ledger.all()
    return row


def failed(ledger: Ledger) -> list[str]:
    return [row.source for row in Selection(states=FAILED).rows(ledger)]


def whys(ledger: Ledger, current: str | None = None) -> list[Overdue]:
    return overdue_batches(ledger.documents.scan(OVERDUE_COLUMNS), current)


# --- results and attempts ---


@pytest.mark.parametrize("origin", [CONVERT, INBOX])
@pytest.mark.parametrize("end", [good, partial])
def test_options_that_fail_leave_the_result_as_it_is(
    store: DocumentStore, ledger: Ledger, origin: str, end: type
) -> None:
    first = queued(store, ledger, ref(), origin=origin)
    [before] = ran(ledger, first, end(ref()))
    again = queued(store, ledger, ref(), origin=CONVERT)
    ran(ledger, again, bad(ref()), prints=OTHERS, out="/elsewhere", run="run-2")
    row = only(ledger)
    for name in ("state", "reason", "pages", "files", "prints", "out", "out_stem", "result", "published"):
        assert getattr(row, name) == getattr(before, name), name
    assert (row.message, failed(ledger)) == ("", [])
    assert [(each.state, each.reason, each.run) for each in ledger.history(row.entry)] == [
        (before.state, before.reason, "run-1"),
        ("quarantined", "page_range", "run-2"),
    ]


def test_history_has_what_each_run_made_in_order_and_of_nothing_else(
    store: DocumentStore, ledger: Ledger
) -> None:
    manifest = queued(store, ledger, ref(), ref("b.pdf"))
    for number, end in enumerate((late, bad, good)):
        ran(ledger, manifest, end(ref()), good(ref("b.pdf")), run=f"run-{number}")
    ledger.compact()
    entry = entry_of(ID, ref().source)
    found = ledger.history(entry)
    assert [(each.state, each.run, each.stage, each.print) for each in found] == [
        ("quarantined", "run-0", "pages", PRINTS["exports"]),
        ("quarantined", "run-1", "pages", PRINTS["exports"]),
        ("converted", "run-2", "", PRINTS["exports"]),
    ]
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert {each.entry for each in found} == {entry}


def test_a_file_of_an_inbox_that_is_converted_by_hand_stays_the_inbox_s(
    store: DocumentStore, ledger: Ledger
) -> None:
    inbox = queued(store, ledger, ref("2026/a.pdf"))
    ran(ledger, inbox, good(ref()))
    before = only(ledger)
    hand = DocumentRef(ID, "a.pdf", "/in/2026/a.pdf", 10)
    manifest = queued(store, ledger, hand, origin=CONVERT)
    assert only(ledger) == before
    assert manifest.key != inbox.key
    assert read_manifest(store, inbox.key) == inbox
    ran(ledger, manifest, good(hand), prints=OTHERS, out="/tmp/x")
    assert only(ledger) == before
    assert [each.out for each in ledger.history(before.entry)] == ["/out", "/tmp/x"]


def test_what_an_inbox_could_not_convert_is_better_off_by_hand(store: DocumentStore, ledger: Ledger) -> None:
    inbox = queued(store, ledger, ref("2026/a.pdf"))
    ran(ledger, inbox, bad(ref()))
    assert failed(ledger) == ["/in/2026/a.pdf"]
    hand = DocumentRef(ID, "a.pdf", "/in/2026/a.pdf", 10)
    manifest = queued(store, ledger, hand, origin=CONVERT)
    ran(ledger, manifest, good(hand), prints=OTHERS, out="/tmp/x")
    row = only(ledger)
    assert (row.state, row.name, row.batch, row.origin) == ("converted", "2026/a.pdf", inbox.key, INBOX)
    assert (row.files, row.prints, row.out) == ({"md": "x/exports/document.md"}, OTHERS, "")
    assert failed(ledger) == []


def test_a_copy_elsewhere_is_a_document_of_its_own(store: DocumentStore, ledger: Ledger) -> None:
    inbox = queued(store, ledger, ref())
    ran(ledger, inbox, good(ref()))
    before = only(ledger)
    manifest = queued(store, ledger, ref(folder="/home"), origin=CONVERT)
    ran(ledger, manifest, bad(ref(folder="/home")), prints=OTHERS)
    rows = {row.source: row for row in ledger.of(ID)}
    assert rows[before.source] == before
    assert (rows["/home/a.pdf"].state, rows["/home/a.pdf"].origin) == ("quarantined", CONVERT)
    assert read_manifest(store, inbox.key) == inbox


def test_two_names_of_one_content_are_two_rows(store: DocumentStore, ledger: Ledger) -> None:
    manifest = queued(store, ledger, ref(), ref("b.pdf"))
    ran(ledger, manifest, good(ref()), good(ref("b.pdf")))
    assert sorted(row.name for row in ledger.beginning_with(ID[:6])) == ["a.pdf", "b.pdf"]
    assert sorted(copy for row in ledger.of(ID) for copy in row.copies) == ["a.md", "b.md"]
    assert [row.name for row in Selection(prefix="/in/b").rows(ledger)] == ["b.pdf"]
    assert [row.name for row in ledger.named("a.pdf")] == ["a.pdf"]
    assert (ledger.at_source(ID, "/in/b.pdf") or only(ledger)).name == "b.pdf"


def test_exports_that_are_made_again_without_a_place_leave_what_was_published(
    store: DocumentStore, ledger: Ledger
) -> None:
    manifest = queued(store, ledger, ref())
    ran(ledger, manifest, good(ref()))
    ran(ledger, manifest, good(ref()), prints=OTHERS, out="")
    row = only(ledger)
    assert (row.prints, row.out, row.copies) == (OTHERS, "/out", ["a.md"])


# --- what should run again ---


def test_a_result_that_stands_is_tried_again_with_new_settings_some_times(
    store: DocumentStore, ledger: Ledger
) -> None:
    manifest = queued(store, ledger, ref())
    ran(ledger, manifest, good(ref()))
    found = []
    for _ in range(3):
        found.append([each.why for each in whys(ledger, OTHERS["exports"])])
        ran(ledger, manifest, late(ref()), prints=OTHERS)
    found.append([each.why for each in whys(ledger, OTHERS["exports"])])
    assert found == [["stale"], ["failed"], ["failed"], []]
    row = only(ledger)
    assert (row.state, row.tried, row.attempts) == ("converted", "timed_out", 3)
    assert list(Selection(reasons=["timed_out"]).rows(ledger)) == [row]


def test_interrupted_documents_are_listed_and_run_first(store: DocumentStore, ledger: Ledger) -> None:
    other = queued(store, ledger, ref("late.pdf", id_="34" * 32))
    ran(ledger, other, late(ref("late.pdf", id_="34" * 32)))
    manifest = queued(store, ledger, ref(), ref("b.pdf", id_="56" * 32))
    made = Outcome(manifest.key, INBOX, "run-1", PRINTS)
    ledger.settle(made, manifest.documents[:1], [good(ref())])
    assert ledger.interrupt(manifest, "run-1", RunCancelledError("its run was cancelled")) == 1
    [row] = ledger.of("56" * 32)
    assert (row.state, row.reason, row.run, row.interruptions) == ("interrupted", "cancelled", "run-1", 1)
    assert "b.pdf: its run was cancelled" in row.message
    assert sorted(failed(ledger)) == ["/in/b.pdf", "/in/late.pdf"]
    assert whys(ledger) == [
        Overdue(manifest.key, "interrupted", 1, "run-1"),
        Overdue(other.key, "failed", 1),
    ]
    # who died before he could note it on the run says it once more
    assert ledger.interrupt(manifest, "run-1", RunCancelledError("again")) == 1
    assert ledger.of("56" * 32) == [row]
    [attempt] = ledger.history(row.entry)
    assert (attempt.state, attempt.reason, attempt.run) == ("interrupted", "cancelled", "run-1")
    ledger.queue([manifest], resumed=True)
    assert {row.name: row.state for row in ledger.all()} == {
        "a.pdf": "converted",
        "b.pdf": "queued",
        "late.pdf": "quarantined",
    }
    ran(ledger, manifest, good(ref()), good(ref("b.pdf", id_="56" * 32)))
    [row] = ledger.of("56" * 32)
    assert (row.state, row.interruptions) == ("converted", 0)


def test_a_run_that_ends_before_the_sensor_said_that_it_was_asked_for(
    store: DocumentStore, ledger: Ledger
) -> None:
    manifest = write_manifest(store, [ref()], INBOX)
    assert ledger.interrupt(manifest, "run-1", RunCancelledError("its run was cancelled")) == 1
    ledger.queue([manifest])  # the sensor says so in its next tick
    assert only(ledger).state == "interrupted"


def test_a_run_of_an_earlier_batch_interrupts_nothing_that_another_has_done(
    store: DocumentStore, ledger: Ledger
) -> None:
    manifest = queued(store, ledger, ref())
    again = write_manifest(store, [ref()], "retry")
    ledger.queue([again], again=True)
    assert again.key == manifest.key
    later = write_manifest(store, [ref(), ref("c.pdf", id_="78" * 32)], "retry")
    ledger.queue([later], again=True)
    ledger.settle(Outcome(later.key, "retry", "run-2", PRINTS), later.documents[:1], [good(ref())])
    assert ledger.interrupt(manifest, "run-1", RunCancelledError("late")) == 0
    assert {row.state for row in ledger.of(ID)} == {"converted"}


def test_what_is_interrupted_too_often_is_left_to_people(store: DocumentStore, ledger: Ledger) -> None:
    manifest = queued(store, ledger, ref())
    found = []
    for _ in range(3):
        ledger.interrupt(manifest, "run", ServerAwayError("triton does not answer"))
        limits = OverdueLimits(max_interruptions=3)
        found.append(len(overdue_batches(ledger.documents.scan(OVERDUE_COLUMNS), None, limits=limits)))
        ledger.queue([manifest], resumed=True)
    assert found == [1, 1, 0]


def test_a_version_that_was_replaced_is_no_longer_among_those_that_failed(
    store: DocumentStore, ledger: Ledger
) -> None:
    for origin, folder in ((INBOX, "/in"), (CONVERT, "/home")):
        old, new = (ref(folder=folder, id_=number * 32) for number in ("12", "34"))
        first = queued(store, ledger, old, origin=origin)
        ran(ledger, first, bad(old))
        assert failed(ledger) == [old.source]
        second = queued(store, ledger, new, origin=origin)
        assert failed(ledger) == []
        states = {row.id: row.state for row in ledger.all() if row.source == old.source}
        assert states == {old.id: "superseded", new.id: "queued"}
        ran(ledger, first, late(old))  # a run of the old one that is late
        assert failed(ledger) == []
        ran(ledger, second, good(new))
        assert [row.id for row in ledger.all() if row.source == old.source and row.converted] == [new.id]
    assert [each.why for each in whys(ledger, "other")] == ["stale"]  # the inbox's new one alone


def test_what_is_put_back_by_hand_is_converted_again(store: DocumentStore, ledger: Ledger) -> None:
    one, two = (ref(folder="/home", id_=number * 32) for number in ("12", "34"))
    for each in (one, two, one):
        manifest = queued(store, ledger, each, origin=CONVERT)
        ran(ledger, manifest, good(each))
    assert {row.id: row.state for row in ledger.all()} == {one.id: "converted", two.id: "superseded"}


# --- earlier ledgers, and rebuilt ones ---

_NEW = ("entry", "result", "result_reason", "out_stem", "tried", "interruptions")


def old_table(store: DocumentStore) -> LedgerTable:
    """The table of documents as docmill 0.2 had it: a row for each content."""
    fields = [field for field in DOCUMENTS if field.name not in _NEW]
    return LedgerTable(store, "ledger/documents", pa.schema(fields), "id")


def old_row(number: int, state: str, **more: object) -> dict[str, object]:
    row = DocumentRow(
        id=f"{number:02x}" * 32,
        name=f"{number}.pdf",
        source=f"/in/{number}.pdf",
        size=1,
        at=datetime.now(UTC) - timedelta(days=1),
        batch="b",
        origin=INBOX,
    )
    [made] = to_rows([msgspec.structs.replace(row, state=state, **more)])
    return {key: value for key, value in made.items() if key not in _NEW}


@pytest.mark.parametrize("merged", [False, True])
def test_a_ledger_of_an_earlier_version_is_read_and_written(
    store: DocumentStore, ledger: Ledger, merged: bool
) -> None:
    table = old_table(store)
    table.append([old_row(n, "converted", files={"md": "x"}, out="/out") for n in range(1, 9)])
    table.append([old_row(9, "failed", reason="timed_out", attempts=1)])
    if merged:
        assert table.compact()
    assert [row.id[:2] for row in ledger.all()] == [f"{n:02x}" for n in range(1, 10)]
    [first], [last] = ledger.beginning_with("0101"), ledger.of("09" * 32)
    assert (first.state, first.result, first.copies) == ("converted", "converted", ["1.md"])
    assert ledger.at_source(first.id, first.source) == first
    assert [row.name for row in Selection(states=FAILED, reasons=["timed_out"]).rows(ledger)] == ["9.pdf"]
    assert [each.why for each in whys(ledger)] == ["failed"]

    again = DocumentRef(last.id, last.name, last.source, 1)
    ledger.settle(Outcome("b", INBOX, "run", PRINTS), [again], [good(again)])
    for _ in range(2):
        assert [row.state for row in ledger.of(last.id)] == ["converted"]
        assert len(list(ledger.all())) == 9
        ledger.compact()


def test_a_rebuilt_ledger_knows_results_names_and_what_was_replaced(
    store: DocumentStore, ledger: Ledger
) -> None:
    artifacts = ArtifactStore(store)
    manifest = queued(store, ledger, ref(), ref("b.pdf"))
    for prints, end in ((PRINTS, good), (OTHERS, bad)):  # the newest is of options that fail
        for stage in ("pages", "exports"):
            artifacts.write(prints[stage], b"", msgspec.structs.replace(end(ref()), stage=stage))
    queued(store, ledger, ref(), origin=CONVERT)
    queued(store, ledger, ref("b.pdf", id_="34" * 32))
    ran(ledger, manifest, good(ref()), good(ref("b.pdf")))
    history = ledger.history(entry_of(ID, "/in/a.pdf"))
    assert len(history) == 1
    ledger.documents.clear()
    ledger.sources.clear()
    rebuild(store, ledger)
    found = {(row.name, row.id[:2]): row for row in ledger.all()}
    assert {key: row.state for key, row in found.items()} == {
        ("a.pdf", "12"): "converted",
        ("b.pdf", "12"): "superseded",
        ("b.pdf", "34"): "queued",
    }
    assert found["a.pdf", "12"].prints == PRINTS
    assert found["a.pdf", "12"].batch == manifest.key
    assert ledger.history(entry_of(ID, "/in/a.pdf")) == history


def test_a_stop_leaves_results_too(store: DocumentStore, ledger: Ledger) -> None:
    manifest = queued(store, ledger, ref())
    ran(ledger, manifest, good(ref()))
    made = Outcome(manifest.key, INBOX, "run-2", OTHERS)
    ledger.stop(made, manifest.documents, BatchStoppedError("most failed"))
    row = only(ledger)
    assert (row.state, row.tried, failed(ledger)) == ("converted", "batch_stopped", [])
    assert [each.reason for each in ledger.history(row.entry)] == ["", "batch_stopped"]
