"""What the ledger says of a document, of a source and of an attempt, and the columns that hold it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
import pyarrow as pa

from docmill.pipeline.intake.batches import CONVERT, INBOX, DocumentRef

__all__ = [
    "ATTEMPTS",
    "DOCUMENTS",
    "OPEN",
    "SOURCES",
    "Attempt",
    "DocumentRow",
    "End",
    "SourceRow",
    "State",
    "Waits",
    "entries_of",
    "entry_of",
    "from_table",
    "to_rows",
]

#: How a document can come out of a run; and what else there is to say of one.
End = Literal["converted", "partial", "quarantined", "failed"]
State = Literal["queued", "interrupted", "converted", "partial", "quarantined", "failed", "superseded"]
#: A file that no batch has yet: its batch fills, or the file may still be written.
Waits = Literal["", "batch", "settle"]
#: What has no end yet.
OPEN: tuple[State, ...] = ("queued", "interrupted")
T = TypeVar("T", bound=msgspec.Struct)

#: Digits of the source's hash in an entry.
_DIGITS = 12


def entry_of(id_: str, source: str) -> str:
    """The key of a document at a source: its id, then what tells its sources apart."""
    return f"{id_}-{hashlib.sha256(source.encode()).hexdigest()[:_DIGITS]}"


def entries_of(table: pa.Table) -> pa.Array:
    """The entries of rows that were written when a document's id was the key."""
    pairs = zip(table["id"].to_pylist(), table["source"].to_pylist(), strict=True)
    return pa.array([entry_of(id_, source) for id_, source in pairs], pa.string())


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A document at a source: what it is, its last batch, what there is of it, and where it stands.

    `state` is where it stands. `reason`, `message`, `remedy`, `stage` and `permanent` say why, unless it is
    `queued`. A file that was replaced by other content is `superseded`.

    `result` is the last good end, which later attempts that end badly leave as it is, with `result_reason`
    (why a partial one is partial) and everything from `page_count` to `files`. `seconds` are worker seconds
    of all stages, `cpu_seconds` what workers computed in them (none in rows of earlier versions),
    `device_seconds` what model servers measured, by model, and `gpu_seconds` their sum. `characters` is what
    became of the letters and digits that were read (`StageRecord.characters`). `prints` are the fingerprints
    of its artifacts, by stage. `files` are the exports in the store by extension; copies of them were put
    below `out`, under the name `out_stem`.

    `last_print` is the fingerprint of the exports that was tried last, `attempts` counts ends under it that
    were not as good as can be, and `tried` is why the last attempt did not become what stands.
    `interruptions` are runs that ended before the document did. `run` is the last run. `original` is a copy
    of a quarantined file, where such are kept.
    """

    entry: str = ""
    id: str
    name: str
    source: str
    size: int
    at: datetime
    batch: str
    version: str = ""
    published: str = ""
    origin: str = ""
    state: State = "queued"
    reason: str = ""
    message: str = ""
    remedy: str = ""
    stage: str = ""
    result: str = ""
    result_reason: str = ""
    page_count: int = 0
    pages: int = 0
    issues: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    device_seconds: dict[str, float] = {}
    gpu_seconds: float = 0.0
    gpu_seconds_per_page: float = 0.0
    characters: dict[str, float] = {}
    prints: dict[str, str] = {}
    files: dict[str, str] = {}
    out: str = ""
    out_stem: str = ""
    run: str = ""
    attempts: int = 0
    tried: str = ""
    interruptions: int = 0
    permanent: bool = False
    last_print: str = ""
    original: str = ""

    def __post_init__(self) -> None:
        """The key follows from the rest, and so does what earlier versions did not write."""
        msgspec.structs.force_setattr(self, "entry", entry_of(self.id, self.source))
        seconds = sum(self.device_seconds.values())
        each = seconds / self.pages if self.pages else 0.0
        msgspec.structs.force_setattr(self, "gpu_seconds", seconds)
        msgspec.structs.force_setattr(self, "gpu_seconds_per_page", each)
        if not self.result and (self.converted or self.files):
            known = self.state if self.converted else "partial" if self.issues else "converted"
            msgspec.structs.force_setattr(self, "result", known)
            if self.converted:
                msgspec.structs.force_setattr(self, "result_reason", self.reason)

    @property
    def ref(self) -> DocumentRef:
        """The document as a batch names it; its bytes are the kept original's when there is one."""
        return DocumentRef(
            self.id, self.name, self.original or self.source, self.size, self.published, self.version
        )

    @property
    def converted(self) -> bool:
        """Whether there is a document to read, and nothing else to say."""
        return self.state in ("converted", "partial")

    @property
    def by_hand(self) -> bool:
        """Whether somebody named the file; it came neither from an inbox nor from another run's batch."""
        return self.origin == CONVERT

    @property
    def copies(self) -> list[str]:
        """The names below `out` of the copies that were put there."""
        stem = self.out_stem or self.ref.stem
        return [f"{stem}.{extension}" for extension in sorted(self.files)] if self.out else []


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was seen: its address, the version that was, and the document it holds.

    A file that is left out has a `reason` and no document. `origin` says who saw it. One that `waits` has
    been seen and is in no batch yet, since that moment; all the rest is then of the version before.
    """

    address: str
    version: str
    size: int
    at: datetime
    document: str = ""
    batch: str = ""
    reason: str = ""
    origin: str = INBOX
    waits: Waits = ""
    since: datetime | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What one run made of a document: `state` is how it ended there, `print` the exports' fingerprint.

    `key` begins with the entry and is in order of time. `out` is where copies were put.
    """

    key: str
    entry: str
    at: datetime
    run: str
    batch: str
    origin: str
    state: str
    reason: str = ""
    message: str = ""
    stage: str = ""
    print: str = ""
    page_count: int = 0
    pages: int = 0
    issues: int = 0
    seconds: float = 0.0
    out: str = ""


_TEXTS = pa.map_(pa.string(), pa.string())
_AT = pa.field("at", pa.timestamp("us", "UTC"))

#: The columns of `DocumentRow`.
DOCUMENTS = pa.schema(
    [
        pa.field("entry", pa.string()),
        pa.field("id", pa.string()),
        pa.field("name", pa.string()),
        pa.field("source", pa.string()),
        pa.field("size", pa.int64()),
        _AT,
        pa.field("batch", pa.string()),
        pa.field("version", pa.string()),
        pa.field("published", pa.string()),
        pa.field("origin", pa.string()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("message", pa.string()),
        pa.field("remedy", pa.string()),
        pa.field("stage", pa.string()),
        pa.field("result", pa.string()),
        pa.field("result_reason", pa.string()),
        pa.field("page_count", pa.int32()),
        pa.field("pages", pa.int32()),
        pa.field("issues", pa.int32()),
        pa.field("seconds", pa.float64()),
        pa.field("cpu_seconds", pa.float64()),
        pa.field("device_seconds", pa.map_(pa.string(), pa.float64())),
        pa.field("gpu_seconds", pa.float64()),
        pa.field("gpu_seconds_per_page", pa.float64()),
        pa.field("characters", pa.map_(pa.string(), pa.float64())),
        pa.field("prints", _TEXTS),
        pa.field("files", _TEXTS),
        pa.field("out", pa.string()),
        pa.field("out_stem", pa.string()),
        pa.field("run", pa.string()),
        pa.field("attempts", pa.int16()),
        pa.field("tried", pa.string()),
        pa.field("interruptions", pa.int16()),
        pa.field("permanent", pa.bool_()),
        pa.field("last_print", pa.string()),
        pa.field("original", pa.string()),
    ]
)

#: The columns of `SourceRow`.
SOURCES = pa.schema(
    [
        pa.field("address", pa.string()),
        pa.field("version", pa.string()),
        pa.field("size", pa.int64()),
        _AT,
        pa.field("document", pa.string()),
        pa.field("batch", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("origin", pa.string()),
        pa.field("waits", pa.string()),
        pa.field("since", pa.timestamp("us", "UTC")),
    ]
)

#: The columns of `Attempt`.
ATTEMPTS = pa.schema(
    [
        pa.field("key", pa.string()),
        pa.field("entry", pa.string()),
        _AT,
        *(
            pa.field(name, pa.string())
            for name in ("run", "batch", "origin", "state", "reason", "message", "stage", "print")
        ),
        pa.field("page_count", pa.int32()),
        pa.field("pages", pa.int32()),
        pa.field("issues", pa.int32()),
        pa.field("seconds", pa.float64()),
        pa.field("out", pa.string()),
    ]
)


def to_rows(rows: list[T]) -> list[dict[str, Any]]:
    """Structs as Parquet takes them."""
    return [msgspec.to_builtins(row, builtin_types=(datetime,)) for row in rows]


def from_table(table: pa.Table, kind: type[T]) -> Iterator[T]:
    """Structs from the rows of a table; columns that an earlier version did not write have their defaults."""
    for row in table.to_pylist(maps_as_pydicts="strict"):
        yield msgspec.convert({key: value for key, value in row.items() if value is not None}, kind)
