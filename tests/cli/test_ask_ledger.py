"""What `docmill status` finds by a file, an address, a name or an id, and what it says of files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from docmill.pipeline.cli.ask_ledger import find_documents_named, list_documents, show_status
from docmill.pipeline.cli.operate import Asked, retry
from docmill.pipeline.convert.errors import BackendConfigError, DocumentTimeoutError
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.corpus.ledger.select import Selection
from docmill.pipeline.intake.batches import BatchLimits, Manifest
from docmill.pipeline.intake.inbox import Cursor, InboxLimits, InboxReader
from docmill.pipeline.stages.results.records import StageRecord, quarantine
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.listing import Listing
from docmill.resources.clients.files.sources import SourceCache


class Place:
    """An inbox of local files, looked at by the clock of the test, and the ledger of its store.

    The clock is ahead of files just written, but by less than two looks overlap.
    """

    def __init__(self, folder: Path, limits: InboxLimits) -> None:
        self.folder = folder / "in"
        self.folder.mkdir()
        self.store = DocumentStore(str(folder / "store"))
        self.ledger: Ledger = open_ledger(self.store)
        listing, sources = Listing(str(self.folder)), SourceCache(folder / "sources")
        self.reader = InboxReader(listing, sources, self.store, self.ledger, limits)
        self.cursor = Cursor()
        self.now = datetime.now(UTC)

    def put(self, name: str, content: str = "") -> None:
        (self.folder / name).write_text(content or name)

    def look(self, minutes: int = 1) -> list[Manifest]:
        self.now += timedelta(minutes=minutes)
        look = self.reader.look(self.cursor, self.now)
        self.cursor = look.cursor
        return look.batches

    def convert(self) -> None:
        """Look until there is a batch, and let its run be over."""
        [manifest] = self.look(minutes=4)
        self.look()
        records = [
            StageRecord(
                stage="exports", document=ref.id, name=ref.name, pages=[1], extra={"files": {"md": "x"}}
            )
            for ref in manifest.documents
        ]
        made = Outcome(manifest.key, manifest.origin, "run-1", {"exports": "1"}, "/out")
        self.ledger.settle(made, manifest.documents, records)

    def says(self, name: str) -> tuple[str, list[tuple[str, str]]]:
        """What is said of the file, and which documents are shown in which state."""
        found = find_documents_named(self.ledger, name)
        return found.file, sorted((row.name, row.state) for row in found.rows)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCMILL_STORE", str(tmp_path / "store"))
    made = Place(tmp_path, InboxLimits(BatchLimits(documents=4), max_wait=timedelta(minutes=3)))
    monkeypatch.chdir(made.folder)
    return made


def test_two_names_of_one_content_are_found_by_name_address_and_id(place: Place) -> None:
    for name in ("a.pdf", "b.pdf"):
        place.put(name, "the same")
    place.look()
    place.convert()
    both = [("a.pdf", "converted"), ("b.pdf", "converted")]
    for name in ("a.pdf", "b.pdf"):
        assert place.says(name) == place.says(str(place.folder / name)) == ("", [(name, "converted")])
    [row, _] = place.ledger.all()
    assert place.says(row.id[:6]) == place.says(row.id) == ("", both)
    copy = place.folder.parent / "copy.pdf"
    copy.write_text("the same")
    assert place.says(str(copy)) == ("", both)
    assert [each.name for each in Selection(prefix=str(place.folder / "b")).rows(place.ledger)] == ["b.pdf"]


def test_a_file_that_waits_for_its_batch_to_fill(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.put("a.pdf")
    place.look()
    assert place.says("a.pdf") == ("waiting", [])
    assert show_status(["a.pdf"], as_json=False) == 0
    assert "waits for its batch to fill since 20" in capsys.readouterr().out
    assert show_status(["a.pdf"], as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["address"], said["file"]) == (str(place.folder / "a.pdf"), "waiting")
    place.convert()
    assert place.says("a.pdf") == ("", [("a.pdf", "converted")])


def test_a_file_that_may_still_be_written(place: Place) -> None:
    place.put("a.pdf")
    place.look(minutes=0)
    assert place.says("a.pdf") == ("settling", [])


def test_a_file_that_was_deleted_since(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.put("a.pdf")
    place.look()
    place.convert()
    (place.folder / "a.pdf").unlink()
    assert place.says("a.pdf") == ("gone", [("a.pdf", "converted")])
    assert show_status(["a.pdf"], as_json=False) == 0
    assert "not there any more" in capsys.readouterr().out


def test_a_file_that_is_left_out_says_why(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.put("notes.txt")
    place.put("a.pdf.part")
    place.look()
    for name, reason in (("notes.txt", "not_a_pdf"), ("a.pdf.part", "under_way")):
        assert place.says(name) == ("left out", [])
        assert show_status([name], as_json=False) == 0
        assert f"left out ({reason})" in capsys.readouterr().out


def test_a_file_that_has_changed_since(place: Place) -> None:
    place.put("a.pdf")
    place.look()
    place.convert()
    place.put("a.pdf", "other")
    assert place.says("a.pdf") == ("changed", [("a.pdf", "converted")])
    place.look()
    assert place.says("a.pdf") == ("waiting", [("a.pdf", "converted")])
    place.convert()
    assert place.says("a.pdf") == ("", [("a.pdf", "converted")])


def test_a_name_in_another_folder_is_found(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.folder / "2026").mkdir()
    place.put("2026/a.pdf")
    place.look()
    place.convert()
    monkeypatch.chdir(place.folder.parent)
    assert place.says("a.pdf") == place.says("2026/a.pdf") == ("", [("2026/a.pdf", "converted")])
    with pytest.raises(BackendConfigError, match="none of that name"):
        place.says("z.pdf")


def test_what_was_tried_since_is_said_beside_the_result(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.put("a.pdf")
    place.look()
    place.convert()
    [row] = place.ledger.all()
    record = quarantine("layout", row.id, row.name, DocumentTimeoutError("it took too long"), 1.0)
    again = Outcome(row.batch, row.origin, "run-2", {"exports": "2"}, "/out")
    place.ledger.settle(again, [row.ref], [record])
    assert show_status(["a.pdf"], as_json=False) == 0
    said = capsys.readouterr().out
    assert "converted" in said
    assert "/out/a.md" in said
    assert "quarantined (timed_out) at " in said
    assert list_documents(Selection(states=["quarantined"]), 0, as_json=True) == 0
    assert capsys.readouterr().out == ""


def test_what_was_superseded_is_not_asked_for_again(place: Place) -> None:
    place.put("a.pdf", "one")
    place.look()
    place.convert()
    [old] = place.ledger.all()
    place.put("a.pdf", "two")
    place.look()
    place.convert()
    assert place.says(old.id) == ("", [("a.pdf", "superseded")])
    with pytest.raises(BackendConfigError, match="holds other content"):
        retry([old.id], Selection(), Asked())
