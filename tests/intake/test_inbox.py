"""One look at an inbox, and the next: what is new, what changed, what is not ready, what is left out."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from docmill.pipeline.convert.errors import BackendUnavailableError, SourceMissingError
from docmill.pipeline.corpus.ledger.entries import SourceRow, from_table
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.intake.batches import (
    CONVERT,
    INBOX,
    BatchLimits,
    DocumentRef,
    read_manifest,
    write_manifest,
)
from docmill.pipeline.intake.inbox import NOT_A_PDF, UNNAMEABLE, Cursor, InboxLimits, InboxReader, Look
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.listing import Listing
from docmill.resources.clients.files.sources import SourceCache
from tests.support.s3 import MotoServer

LATER = timedelta(minutes=5)
SAMPLE = Path(__file__).parents[1] / "samples" / "financial_statement.pdf"


class Box:
    """An inbox that files are put into, and looks at it, each a minute after the one before."""

    def __init__(self, listing: Listing, folder: Path, limits: InboxLimits) -> None:
        store = DocumentStore(str(folder / "store"))
        self.ledger = open_ledger(store)
        sources = SourceCache(folder / "sources", listing.options)
        self.reader = InboxReader(listing, sources, store, self.ledger, limits)
        self.target = DocumentStore(listing.place, listing.options)
        self.cursor = Cursor()
        #: Ahead of files just written, but by less than two looks overlap.
        self.now = datetime.now(UTC)

    def put(self, name: str, content: str = "") -> None:
        self.target.write(name, (content or name).encode())

    def look(self, *, kept: bool = True, after: timedelta = timedelta(minutes=1), busy: bool = True) -> Look:
        """Look once; `kept` is whether Dagster keeps the cursor, or dies before."""
        self.now += after
        look = self.reader.look(Cursor.parse(self.cursor.dump()), self.now, busy=busy)
        if kept:
            self.cursor = look.cursor
        return look

    def names(self, look: Look) -> list[str]:
        return sorted(document.name for manifest in look.batches for document in manifest.documents)


FEW = InboxLimits(BatchLimits(documents=4), batches=3, max_wait=timedelta(0))


@pytest.fixture(scope="module")
def s3_server() -> Iterator[MotoServer]:
    with MotoServer() as server:
        yield server


@pytest.fixture(params=["local", "s3"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    if request.param == "local":
        (tmp_path / "in").mkdir()
        return Box(Listing(str(tmp_path / "in")), tmp_path, FEW)
    server: MotoServer = request.getfixturevalue("s3_server")
    return Box(Listing(f"s3://bucket/{tmp_path.name}", server.options), tmp_path, FEW)


def local_box(tmp_path: Path, limits: InboxLimits = FEW) -> Box:
    (tmp_path / "in").mkdir(exist_ok=True)
    return Box(Listing(str(tmp_path / "in")), tmp_path, limits)


def test_after_a_long_sweep_only_what_follows_the_last_name_is_listed(
    s3_server: MotoServer, tmp_path: Path
) -> None:
    slow = replace(FEW, listing_share=1e-9)
    box = Box(Listing(f"s3://bucket/{tmp_path.name}", s3_server.options), tmp_path, slow)
    for name in ("2026-01-a.pdf", "2026-02-b.pdf"):
        box.put(name)
    first = box.look()
    assert first.swept and first.listed == 2
    box.put("2025-12-early.pdf")
    box.put("2026-03-c.pdf")
    second = box.look()
    assert (second.listed, box.names(second)) == (1, ["2026-03-c.pdf"])
    assert box.look().listed == 0
    rest = box.cursor.rest_until
    assert rest is not None
    third = box.look(after=rest - box.now + timedelta(seconds=1))
    assert (third.listed, box.names(third)) == (4, ["2025-12-early.pdf"])


def test_new_files_become_batches_once(box: Box) -> None:
    for name in ("b.pdf", "a/deep/c.pdf", "a.pdf", "e.pdf", "d.pdf"):
        box.put(name)
    look = box.look()
    assert [len(manifest.documents) for manifest in look.batches] == [4, 1]
    assert box.names(look) == ["a.pdf", "a/deep/c.pdf", "b.pdf", "d.pdf", "e.pdf"]
    for manifest in look.batches:
        assert read_manifest(box.reader.store, manifest.key) == manifest
        assert manifest.origin == INBOX
        for document in manifest.documents:
            assert document.id == sha256(document.name.encode()).hexdigest()
            assert box.reader.sources.content_id(document.source) == document.id
    assert [box.look().batches for _ in range(3)] == [[], [], []]
    box.put("f.pdf")
    assert box.names(box.look()) == ["f.pdf"]


def test_a_name_that_sorts_before_what_was_seen_is_found(box: Box) -> None:
    box.put("m.pdf")
    box.look()
    box.put("a.pdf")
    assert box.names(box.look()) == ["a.pdf"]


def test_a_changed_file_is_a_new_document(box: Box) -> None:
    box.put("a.pdf", "first")
    [first] = box.look().batches
    box.put("a.pdf", "second")
    [second] = box.look().batches
    assert second.documents[0].id == sha256(b"second").hexdigest() != first.documents[0].id
    box.look()
    assert box.ledger.replaced(first) == {first.documents[0].source}
    assert box.ledger.replaced(second) == set()


def test_a_look_that_was_not_kept_is_done_again(box: Box) -> None:
    for name in "abcde":
        box.put(f"{name}.pdf")
    lost = box.look(kept=False)
    again = box.look()
    assert [each.key for each in again.batches] == [each.key for each in lost.batches]
    assert [each.documents for each in again.batches] == [each.documents for each in lost.batches]
    assert box.look().batches == []
    states = {row.name: row.state for row in box.ledger.all()}
    assert states == {f"{name}.pdf": "queued" for name in "abcde"}


def test_only_so_many_batches_a_look(box: Box) -> None:
    for number in range(30):
        box.put(f"{number:02d}.pdf")
    looks = [box.look() for _ in range(5)]
    assert [len(look.batches) for look in looks] == [3, 3, 2, 0, 0]
    found = [name for look in looks for name in box.names(look)]
    assert sorted(found) == [f"{number:02d}.pdf" for number in range(30)]


def test_a_batch_waits_to_fill_but_not_for_ever(tmp_path: Path) -> None:
    box = local_box(tmp_path, InboxLimits(BatchLimits(documents=4), max_wait=timedelta(minutes=3)))
    box.put("a.pdf")
    box.put("b.pdf")
    assert [len(box.look().batches) for _ in range(2)] == [0, 0]
    box.put("c.pdf")
    assert len(box.cursor.waiting) == 2
    assert box.look().batches == []
    assert box.names(box.look()) == ["a.pdf", "b.pdf", "c.pdf"]  # the first has waited three minutes
    for name in "defgh":
        box.put(f"{name}.pdf")
    assert box.names(box.look()) == ["d.pdf", "e.pdf", "f.pdf", "g.pdf"]
    assert box.names(box.look(after=LATER)) == ["h.pdf"]


def test_nothing_waits_to_fill_a_batch_while_nobody_is_busy(box: Box) -> None:
    box.reader = replace(box.reader, limits=replace(FEW, max_wait=timedelta(hours=1)))
    box.put("a.pdf")
    assert box.names(box.look(busy=False)) == ["a.pdf"]
    box.put("b.pdf")
    assert box.look().batches == []
    assert box.names(box.look(busy=False)) == ["b.pdf"]


def test_a_waiting_file_that_changes_is_taken_as_it_is_then(tmp_path: Path) -> None:
    box = local_box(tmp_path, InboxLimits(max_wait=timedelta(minutes=3)))
    box.put("a.pdf", "one")
    box.look()
    box.put("a.pdf", "other")
    box.look()
    [manifest] = box.look(after=LATER).batches
    assert [document.id for document in manifest.documents] == [sha256(b"other").hexdigest()]


def waits(box: Box) -> dict[str, tuple[str, bool]]:
    """What the ledger says of files that wait, by name, and whether it knows since when."""
    rows = [row for table in box.ledger.sources.scan() for row in from_table(table, SourceRow)]
    return {row.address.rpartition("/")[2]: (row.waits, row.since is not None) for row in rows}


def test_the_ledger_says_which_files_wait_and_for_what(tmp_path: Path) -> None:
    box = local_box(tmp_path, InboxLimits(BatchLimits(documents=4), max_wait=timedelta(minutes=3)))
    box.put("a.pdf")
    box.look()
    box.put("b.pdf")
    ahead = (box.now + timedelta(days=400)).timestamp()
    os.utime(tmp_path / "in" / "b.pdf", (ahead, ahead))
    box.look()
    assert waits(box) == {"a.pdf": ("batch", True), "b.pdf": ("settle", True)}
    box.look()
    assert waits(box) == {"a.pdf": ("batch", True), "b.pdf": ("batch", True)}
    box.look()  # it becomes a batch
    box.look()
    assert waits(box) == {"a.pdf": ("", False), "b.pdf": ("", False)}
    # of a version that waits the one before is known as it was
    before = box.ledger.source(str(tmp_path / "in" / "a.pdf"))
    box.put("a.pdf", "other")
    box.look()
    after = box.ledger.source(str(tmp_path / "in" / "a.pdf"))
    assert before is not None and after is not None
    assert (after.document, after.version, after.waits) == (before.document, before.version, "batch")
    box.look(after=LATER)
    box.look()
    assert waits(box)["a.pdf"] == ("", False)
    assert {row.id: row.state for row in box.ledger.all() if row.name == "a.pdf"} == {
        sha256(b"a.pdf").hexdigest(): "superseded",
        sha256(b"other").hexdigest(): "queued",
    }


def test_a_look_that_was_lost_leaves_nobody_waiting_for_ever(tmp_path: Path) -> None:
    box = local_box(tmp_path, InboxLimits(BatchLimits(documents=4), max_wait=timedelta(minutes=3)))
    box.put("a.pdf")
    box.look()
    lost = box.look(kept=False, after=LATER)
    box.cursor = Cursor()  # and somebody has reset the sensor
    box.look()
    assert waits(box) == {"a.pdf": ("batch", True)}
    [again] = box.look(after=LATER).batches
    box.look()
    assert [again.key] == [each.key for each in lost.batches]
    assert waits(box) == {"a.pdf": ("", False)}
    assert box.look().identified == 0


def test_what_somebody_converted_by_hand_is_taken_too(box: Box) -> None:
    box.put("a.pdf")
    [listed] = box.reader.listing.after("")
    ref = DocumentRef(sha256(b"a.pdf").hexdigest(), "a.pdf", listed.address, 5)
    box.ledger.queue([write_manifest(box.reader.store, [ref], CONVERT)])
    [manifest] = box.look().batches
    assert manifest.origin == INBOX
    box.look()
    [row] = box.ledger.all()
    assert (row.state, row.origin, row.batch) == ("queued", INBOX, manifest.key)
    assert box.look().identified == 0


def test_batches_are_limited_by_bytes(tmp_path: Path) -> None:
    box = local_box(tmp_path, InboxLimits(BatchLimits(bytes=100), max_wait=timedelta(0)))
    for name in "abc":
        box.put(f"{name}.pdf", name * 60)
    assert [len(manifest.documents) for manifest in box.look().batches] == [1, 1, 1]


def test_what_is_not_a_pdf_is_told_once(box: Box) -> None:
    box.put("notes.txt")
    box.put("a/picture.jpg")
    box.put("a.pdf")
    look = box.look()
    assert [(row.reason, row.address.rpartition("/")[2]) for row in look.left_out] == [
        (NOT_A_PDF, "picture.jpg"),
        (NOT_A_PDF, "notes.txt"),
    ]
    assert box.names(look) == ["a.pdf"]
    assert box.look().left_out == []
    assert len(list(box.ledger.ignored())) == 2
    box.put("notes.txt", "changed")
    assert len(box.look().left_out) == 1


def test_files_under_way_are_left_alone_by_their_names(box: Box) -> None:
    for name in (".hidden.pdf", "~$a.pdf", "a.pdf.part", "b.pdf.crdownload", "c.tmp"):
        box.put(name)
    look = box.look()
    assert (look.batches, look.left_out) == ([], [])


def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    box.now = datetime.now(UTC)
    box.put("a.pdf", "half")
    assert box.look(after=timedelta(seconds=1)).batches == []
    box.put("a.pdf", "half and half")
    assert box.look(after=timedelta(seconds=10)).batches == []
    [manifest] = box.look(after=timedelta(seconds=30)).batches
    assert manifest.documents[0].id == sha256(b"half and half").hexdigest()


def test_a_pdf_that_is_there_to_its_end_is_taken_sooner(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    box.now = datetime.now(UTC)
    shutil.copyfile(SAMPLE, tmp_path / "in" / "a.pdf")
    assert box.look(after=timedelta(seconds=1)).batches == []
    assert box.names(box.look(after=timedelta(seconds=5))) == ["a.pdf"]


@pytest.mark.parametrize("ready", [False, True], ids=["appended", "in the space it takes"])
def test_a_pdf_that_grows_is_never_taken_in_part(tmp_path: Path, ready: bool) -> None:
    """It is looked at every five seconds while it comes, in steps of twelve."""
    box = local_box(tmp_path)
    box.now = datetime.now(UTC)
    whole = SAMPLE.read_bytes()
    file = tmp_path / "in" / "a.pdf"
    taken = []
    for part in range(1, 9):
        data = whole[: len(whole) * part // 8]
        file.write_bytes(data.ljust(len(whole), b"\0") if ready else data)
        os.utime(file, (box.now.timestamp(), box.now.timestamp()))
        for seconds in (5, 5, 2):
            look = box.look(after=timedelta(seconds=seconds))
            taken += [(part, document.id) for manifest in look.batches for document in manifest.documents]
    assert taken == [(8, sha256(whole).hexdigest())]


def test_a_file_from_the_future_is_taken_when_it_stays_as_it_is(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    box.put("a.pdf")
    ahead = (box.now + timedelta(days=400)).timestamp()
    os.utime(tmp_path / "in" / "a.pdf", (ahead, ahead))
    assert box.look().batches == []
    assert box.names(box.look()) == ["a.pdf"]
    assert [box.look().batches for _ in range(3)] == [[], [], []]
    assert box.cursor.unsettled == {}


def test_old_files_that_are_moved_in_with_their_folder_are_found(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    elsewhere = tmp_path / "elsewhere" / "2019"
    elsewhere.mkdir(parents=True)
    (elsewhere / "old.pdf").write_text("old")
    os.utime(elsewhere / "old.pdf", (1e9, 1e9))
    box.look()
    time.sleep(0.05)  # the kernel's clock for files is coarse
    # as if all this had been long before the sweep that begins now
    box.cursor = msgspec.structs.replace(box.cursor, watermark=datetime.now(UTC))
    time.sleep(0.05)
    assert box.look(kept=False).identified == 0
    elsewhere.rename(tmp_path / "in" / "2019")
    assert box.names(box.look()) == ["2019/old.pdf"]


def test_a_file_that_is_touched_is_not_done_again(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    box.put("a.pdf")
    box.look()
    box.look()
    os.utime(tmp_path / "in" / "a.pdf")
    assert box.look(after=LATER).batches == []
    source = box.ledger.source(str(tmp_path / "in" / "a.pdf"))
    assert source is not None
    assert source.batch
    assert box.look().identified == 0


def test_a_file_that_goes_back_to_what_it_was_runs_again(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    keys = []
    for content in ("one", "two", "one"):
        box.put("a.pdf", content)
        [manifest] = box.look().batches
        keys.append(manifest.key)
        box.look()
    assert len(set(keys)) == 3


def test_copies_elsewhere_have_results_of_their_own(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    box.put("x/a.pdf", "same")
    [first] = box.look().batches
    box.put("y/a.pdf", "same")
    [second] = box.look().batches
    assert first.key != second.key
    assert [d.stem for m in (first, second) for d in m.documents] == ["x/a", "y/a"]


def test_names_that_differ_in_case_alone_have_results_of_their_own(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    box.put("a.pdf", "1")
    box.put("a.PDF", "2")
    [manifest] = box.look().batches
    assert sorted(document.stem for document in manifest.documents) == ["a", "a.PDF"]


def test_a_name_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/\xff.pdf")).write_text("x")
    box.put("a.pdf")
    look = box.look()
    assert [(row.reason, row.address) for row in look.left_out] == [(UNNAMEABLE, f"{tmp_path}/in/\\xff.pdf")]
    assert box.names(look) == ["a.pdf"]
    assert box.look().left_out == []


def test_the_time_limit_stops_a_look_and_the_next_goes_on(tmp_path: Path) -> None:
    box = local_box(tmp_path, InboxLimits(BatchLimits(documents=4), seconds=0.0, max_wait=timedelta(0)))
    for number in range(40):
        box.put(f"{number:02d}.pdf")
    looks = [box.look() for _ in range(4)]
    assert [look.identified for look in looks] == [32, 8, 0, 0]
    assert sorted(name for look in looks for name in box.names(look)) == [f"{n:02d}.pdf" for n in range(40)]


def test_the_key_limit_stops_a_look_and_the_next_goes_on(box: Box) -> None:
    for number in range(7):
        box.put(f"d{number}/x.pdf", str(number))
    limits = InboxLimits(BatchLimits(documents=100), keys=3, max_wait=timedelta(0))
    box.reader = InboxReader(box.reader.listing, box.reader.sources, box.reader.store, box.ledger, limits)
    looks = [box.look() for _ in range(4)]
    assert [look.listed for look in looks] == [3, 3, 1, 3]
    assert [look.swept for look in looks] == [False, False, True, False]
    assert [len(box.names(look)) for look in looks] == [3, 3, 1, 0]


def test_another_inbox_starts_anew_and_keeps_who_waits(tmp_path: Path) -> None:
    box = local_box(tmp_path, InboxLimits(max_wait=timedelta(minutes=3)))
    box.put("z.pdf")
    box.look()
    (tmp_path / "in2").mkdir()
    (tmp_path / "in2" / "a.pdf").write_text("a")
    listing = Listing(str(tmp_path / "in2"))
    box.reader = InboxReader(listing, box.reader.sources, box.reader.store, box.ledger, box.reader.limits)
    box.look()
    assert box.names(box.look(after=LATER)) == ["a.pdf", "z.pdf"]


def test_a_cursor_that_somebody_edited_is_no_harm(box: Box) -> None:
    box.put("a.pdf")
    box.look()
    box.look()
    for text in ("", "{", '{"start_after": 3}', "[]"):
        box.cursor = Cursor.parse(text)
        assert box.look().batches == []


def test_an_inbox_that_does_not_exist(tmp_path: Path) -> None:
    box = local_box(tmp_path)
    (tmp_path / "in").rmdir()
    with pytest.raises(SourceMissingError, match="no inbox"):
        box.look()


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    options = {
        "endpoint_url": "http://127.0.0.1:9",
        "key": "a",
        "secret": "b",
        "config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 1},
    }
    box = Box(Listing("s3://bucket/in", options), tmp_path, FEW)
    with pytest.raises(BackendUnavailableError, match="s3://bucket/in"):
        box.look()
