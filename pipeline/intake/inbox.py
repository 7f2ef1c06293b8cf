"""One look at the inbox: what is new becomes batches. The sensor `new_pdfs` is a thin shell around this.

The inbox is listed in sweeps, as many keys a look as there is time for. Of the objects that may have arrived
since the sweep before, those whose version the ledger has not seen are read, for a document's id is the hash
of its bytes, and gathered to batches.

After a sweep the next one waits in proportion, so that listing takes a small share of the time. Meanwhile
only what follows the last name is listed: the newest, where names begin with dates.

Nothing is lost when a look is cut off at any point. Its only memory is the cursor, which Dagster keeps
together with the runs that the look asked for: documents that wait for a batch to fill are in it, and so are
the keys of the batches that were asked for. Sources count as seen only in the next look, when it is certain
that the cursor was kept; a look that was not is simply done again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path, PurePosixPath

import msgspec

from docmill.pipeline.convert.errors import BackendUnavailableError, DocumentError, SourceMissingError
from docmill.pipeline.corpus.ledger.entries import SourceRow, Waits
from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.pipeline.intake.batches import (
    INBOX,
    BatchLimits,
    DocumentRef,
    Manifest,
    group,
    read_manifest,
    write_manifest,
)
from docmill.pipeline.intake.whole import is_whole
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.listing import Listing, SourceObject
from docmill.resources.clients.files.sources import SourceCache

__all__ = [
    "NOT_A_PDF",
    "UNNAMEABLE",
    "UNREADABLE",
    "Cursor",
    "InboxLimits",
    "InboxReader",
    "Look",
    "is_under_way",
]

#: A file to be read, and what the ledger says of an earlier version of it.
_Fresh = tuple[SourceObject, SourceRow | None]

#: Why a file is left out: it is not called a PDF, it cannot be read, its name is not text.
NOT_A_PDF, UNREADABLE, UNNAMEABLE = "not_a_pdf", "unreadable", "unnameable"

#: Objects whose sources are looked up at once.
_CHUNK = 5000
#: Files that are read at once, and how many between two looks at the clock.
_READERS = 16
_READ_TOGETHER = 32
#: Files under way that are remembered from one look to the next.
_MAX_UNSETTLED = 1000
#: Clocks differ, and a listing takes its time.
_OVERLAP = timedelta(minutes=10)
#: What is said of a file that waits is older than all that is known of it.
_BEFORE_ALL = datetime.fromtimestamp(0, UTC)
#: How programs name files that they are still writing.
_UNDER_WAY = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".download")


@dataclass(frozen=True)
class InboxLimits:
    """How much one look may do, and how long it lets things be."""

    batch: BatchLimits = field(default_factory=BatchLimits)
    batches: int = 50
    keys: int = 100_000
    seconds: float = 40.0
    #: A local file is taken when it has not changed for so long; one that is there to its end, for so long.
    settle: timedelta = timedelta(seconds=30)
    settle_whole: timedelta = timedelta(seconds=5)
    #: While runs wait or run, a batch that does not fill is made when its first document has waited so long.
    max_wait: timedelta = timedelta(seconds=120)
    #: How often everything is looked up, whatever the times of files say.
    full_sweep: timedelta = timedelta(hours=24)
    #: The share of the time that listing may take.
    listing_share: float = 0.05


class Waiting(msgspec.Struct, frozen=True):
    """A document that waits for its batch to fill."""

    document: DocumentRef
    since: datetime


class Unsettled(msgspec.Struct, frozen=True):
    """A file that may still be written: its version when first and when last looked at."""

    version: str
    first: datetime
    last: datetime


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one look leaves to the next.

    `start_after` is the name to go on after, in the sweep that began at `sweep_started`; it looks up what
    arrived after `watermark`, or everything when there is none. `listed_s` is what listing has taken in this
    sweep. Between sweeps, until `rest_until`, looks list what follows `last`. `launched` are the batches of
    the last look.
    """

    place: str = ""
    start_after: str = ""
    sweep_started: datetime | None = None
    watermark: datetime | None = None
    full_sweep_started: datetime | None = None
    listed_s: float = 0.0
    rest_until: datetime | None = None
    last: str = ""
    waiting: list[Waiting] = []
    unsettled: dict[str, Unsettled] = {}
    launched: list[str] = []

    @staticmethod
    def parse(text: str | None) -> Cursor:
        """The cursor as Dagster kept it; a new one when there is none or somebody has edited it."""
        try:
            return msgspec.json.decode(text, type=Cursor) if text else Cursor()
        except (msgspec.DecodeError, msgspec.ValidationError):
            return Cursor()

    def dump(self) -> str:
        """The cursor as text."""
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True)
class Look:
    """What a look found: batches to run, files that are left out (each is told once), and how much it saw."""

    batches: list[Manifest]
    left_out: list[SourceRow]
    cursor: Cursor
    listed: int
    identified: int
    swept: bool


@dataclass
class _Progress:
    """The state of a look under way."""

    waiting: dict[str, Waiting]
    unsettled: dict[str, Unsettled]
    start_after: str
    rows: list[SourceRow] = field(default_factory=list)
    left_out: list[SourceRow] = field(default_factory=list)
    waits: dict[str, SourceRow] = field(default_factory=dict)
    listed: int = 0
    listed_s: float = 0.0
    identified: int = 0
    swept: bool = False


@dataclass(frozen=True)
class InboxReader:
    """Looks at one inbox."""

    listing: Listing
    sources: SourceCache
    store: DocumentStore
    ledger: Ledger
    limits: InboxLimits = field(default_factory=InboxLimits)

    def look(self, cursor: Cursor, now: datetime | None = None, *, busy: bool = True) -> Look:
        """Look once, from where the cursor is. When nobody is `busy` with a batch, none waits to be filled.

        Raises `SourceMissingError` when there is no such inbox, `BackendUnavailableError` when a server does
        not answer; the cursor is then to be kept as it was.
        """
        deadline = time.monotonic() + self.limits.seconds
        now = now or datetime.now(UTC)
        if cursor.launched:
            self.ledger.queue([read_manifest(self.store, key) for key in cursor.launched])
        cursor = self._begun(cursor, now)
        state = _Progress(
            {each.document.source: each for each in cursor.waiting},
            dict(cursor.unsettled),
            cursor.start_after if cursor.sweep_started else cursor.last,
        )
        self._list(state, cursor, now, deadline)
        batches, waiting = self._batches(state, now, busy)
        self.ledger.see([*state.rows, *state.left_out, *_still_waiting(state, waiting)])
        return Look(
            batches,
            state.left_out,
            self._cursor_after(state, cursor, waiting, [manifest.key for manifest in batches], now),
            state.listed,
            state.identified,
            state.swept,
        )

    def _begun(self, cursor: Cursor, now: datetime) -> Cursor:
        """The cursor with a sweep under way, unless it rests; one of another inbox keeps only what waits."""
        if cursor.place != self.listing.place:
            cursor = Cursor(place=self.listing.place, waiting=cursor.waiting)
        if cursor.sweep_started or (cursor.rest_until and now < cursor.rest_until):
            return cursor
        cursor = msgspec.structs.replace(cursor, listed_s=0.0, rest_until=None)
        last_full = cursor.full_sweep_started
        if last_full and now - last_full < self.limits.full_sweep:
            return msgspec.structs.replace(cursor, sweep_started=now)
        return msgspec.structs.replace(cursor, sweep_started=now, watermark=None, full_sweep_started=now)

    def _cursor_after(
        self, state: _Progress, cursor: Cursor, waiting: list[Waiting], launched: list[str], now: datetime
    ) -> Cursor:
        cursor = msgspec.structs.replace(
            cursor,
            unsettled=state.unsettled,
            waiting=waiting,
            launched=launched,
            listed_s=cursor.listed_s + state.listed_s,
        )
        started = cursor.sweep_started
        if started is None:
            return msgspec.structs.replace(cursor, last=state.start_after)
        if not state.swept:
            return msgspec.structs.replace(cursor, start_after=state.start_after)
        taken = timedelta(seconds=cursor.listed_s)
        return msgspec.structs.replace(
            cursor,
            start_after="",
            sweep_started=None,
            watermark=started - max(_OVERLAP, self.limits.settle),
            # those that were not met any more are gone
            unsettled={name: each for name, each in state.unsettled.items() if each.last >= started},
            rest_until=now + taken / self.limits.listing_share,
            last=state.start_after,
        )

    def _list(self, state: _Progress, cursor: Cursor, now: datetime, deadline: float) -> None:
        """List and read until there is enough for this look, its time is up, or everything was listed."""
        capacity = self.limits.batches * self.limits.batch.documents
        if len(state.waiting) >= capacity or not (cursor.sweep_started or self.listing.is_by_key):
            return
        objects = self.listing.after(state.start_after)
        while chunk := self._chunk(objects, state):
            fresh = self._fresh(state, chunk, cursor.watermark, now)
            room = capacity - len(state.waiting)
            read = self._read(state, fresh[:room], now, deadline)
            if read < len(fresh):
                state.start_after = fresh[read - 1][0].name if read else _before(chunk, fresh[0][0], state)
                return
            state.listed += len(chunk)
            state.start_after = chunk[-1].name
            if state.listed >= self.limits.keys or time.monotonic() > deadline:
                return
        state.swept = True

    def _chunk(self, objects: Iterator[SourceObject], state: _Progress) -> list[SourceObject]:
        began = time.monotonic()
        chunk = list(islice(objects, min(_CHUNK, self.limits.keys - state.listed)))
        state.listed_s += time.monotonic() - began
        return chunk

    def _fresh(
        self, state: _Progress, chunk: Sequence[SourceObject], watermark: datetime | None, now: datetime
    ) -> list[_Fresh]:
        """The PDFs that have not been seen in this version and are not being written."""
        recent = [each for each in chunk if watermark is None or each.arrived > watermark]
        recent = [each for each in recent if not is_under_way(each.name)]
        seen = self.ledger.seen(each.address for each in recent)
        unsettled = set(state.unsettled)
        fresh = []
        for each in recent:
            known, waiting = seen.get(each.address), state.waiting.get(each.address)
            # what somebody converted by hand has not been taken
            before = known if known and known.origin == INBOX else None
            if before and before.version == each.version and before.reason != UNREADABLE:
                continue
            if waiting and waiting.document.version == each.version:
                continue
            if not each.name.lower().endswith(".pdf"):
                state.left_out.append(_left_out(each, NOT_A_PDF, now))
            elif not each.nameable:
                state.left_out.append(_left_out(each, UNNAMEABLE, now))
            elif self._settled(state, each, now):
                fresh.append((each, before))
                state.waits[each.address] = _waiting(each, known, "batch", now)
            elif each.address not in unsettled:
                state.waits[each.address] = _waiting(each, known, "settle", now)
        return fresh

    def _settled(self, state: _Progress, each: SourceObject, now: datetime) -> bool:
        """Whether a file is no longer written: the same for long enough, by its time or since it was seen."""
        before = state.unsettled.get(each.address)
        same = before if before and before.version == each.version else Unsettled(each.version, now, now)
        unchanged = now - min(each.arrived, same.first)
        if (
            not self.listing.is_local
            or unchanged >= self.limits.settle
            or (unchanged >= self.limits.settle_whole and is_whole(Path(each.address)))
        ):
            state.unsettled.pop(each.address, None)
            return True
        if before or len(state.unsettled) < _MAX_UNSETTLED:
            state.unsettled[each.address] = msgspec.structs.replace(same, last=now)
        return False

    def _read(self, state: _Progress, fresh: Sequence[_Fresh], now: datetime, deadline: float) -> int:
        """Identify files by their bytes until the time is up; returns how many were."""
        done = 0
        with ThreadPoolExecutor(_READERS) as readers:
            for few in _by(fresh, _READ_TOGETHER):
                if done and time.monotonic() > deadline:
                    return done
                ids = self.sources.small_content_ids({each.address: each.size for each, _ in few})
                others = [each for each, _ in few if each.address not in ids]
                ids |= zip(
                    (each.address for each in others), readers.map(self._identify, others), strict=True
                )
                for each, before in few:
                    self._take(state, each, ids[each.address], before, now)
                done += len(few)
        return done

    def _identify(self, each: SourceObject) -> str:
        """The document's id, or an empty text for a file that went away, or the reason it cannot be read."""
        try:
            return self.sources.content_id(each.address)
        except SourceMissingError:
            return ""
        except BackendUnavailableError:
            if not self.listing.is_local:
                raise
            return UNREADABLE
        except DocumentError:
            return UNREADABLE

    def _take(
        self, state: _Progress, each: SourceObject, id_: str, before: SourceRow | None, now: datetime
    ) -> None:
        if id_ == UNREADABLE:
            state.left_out.append(_left_out(each, UNREADABLE, now))
        elif before and before.document == id_:  # touched, or written again as it was
            seen = msgspec.structs.replace(before, version=each.version, at=now, waits="", since=None)
            state.rows.append(seen)
        elif id_:
            # a.pdf and a.PDF are two files, and so are their results
            published = "" if each.name.endswith(".pdf") else each.name
            ref = DocumentRef(id_, each.name, each.address, each.size, published, each.version)
            state.waiting[each.address] = Waiting(ref, now)
            state.identified += 1

    def _batches(self, state: _Progress, now: datetime, busy: bool) -> tuple[list[Manifest], list[Waiting]]:
        """Manifests of the batches that are full or have waited long enough, and what is left to wait."""
        groups = list(group((each.document for each in state.waiting.values()), self.limits.batch))
        if busy and groups and not self._full(groups[-1]):
            oldest = min(state.waiting[document.source].since for document in groups[-1])
            if now - oldest < self.limits.max_wait:
                groups.pop()
        taken = groups[: self.limits.batches]
        batches = [write_manifest(self.store, documents, INBOX) for documents in taken]
        gone = {document.source for documents in taken for document in documents}
        return batches, [each for source, each in state.waiting.items() if source not in gone]

    def _full(self, documents: Sequence[DocumentRef]) -> bool:
        limits = self.limits.batch
        return len(documents) >= limits.documents or sum(each.size for each in documents) >= limits.bytes


def is_under_way(name: str) -> bool:
    """Hidden files, and what programs call files that they are still writing."""
    file = PurePosixPath(name).name
    return file.startswith((".", "~$")) or file.lower().endswith(_UNDER_WAY)


def _waiting(each: SourceObject, known: SourceRow | None, waits: Waits, now: datetime) -> SourceRow:
    """What is said of a file that waits, beside what is known of an earlier version of it.

    It takes the place of nothing that is newer: a batch with the file in it says that it has been seen.
    """
    row = known or SourceRow(address=each.address, version="", size=each.size, at=_BEFORE_ALL)
    return msgspec.structs.replace(row, waits=waits, since=now)


def _still_waiting(state: _Progress, waiting: Sequence[Waiting]) -> list[SourceRow]:
    """What is said of files that began to wait in this look and do at its end."""
    left = {each.document.source for each in waiting}
    return [
        row
        for address, row in state.waits.items()
        if (address in left if row.waits == "batch" else address in state.unsettled)
    ]


def _left_out(each: SourceObject, reason: str, now: datetime) -> SourceRow:
    return SourceRow(address=each.address, version=each.version, size=each.size, at=now, reason=reason)


def _before(chunk: Sequence[SourceObject], first: SourceObject, state: _Progress) -> str:
    """The name before that of an object: a sweep that goes on there meets it next."""
    at = chunk.index(first)
    return chunk[at - 1].name if at else state.start_after


def _by(fresh: Sequence[_Fresh], count: int) -> Iterator[Sequence[_Fresh]]:
    for start in range(0, len(fresh), count):
        yield fresh[start : start + count]
