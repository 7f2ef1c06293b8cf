"""What the ledger says of a document and of a source, and the columns that hold it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
import pyarrow as pa

from docmill.pipeline.intake.batches import DocumentRef

__all__ = ["DOCUMENTS", "SOURCES", "DocumentRow", "SourceRow", "State", "from_table", "to_rows"]

State = Literal["queued", "converted", "partial", "quarantined", "failed"]
T = TypeVar("T", bound=msgspec.Struct)


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A document: what it is, in which batch it was last, and what became of it.

    `queued` until its batch has run. `seconds` are worker seconds of all stages, `cpu_seconds` what workers
    computed in them (none in rows of earlier versions), `device_seconds` what model
    servers measured, by model. `prints` are the fingerprints that its artifacts have, by stage; `last_print`
    is that of the exports, which all others go into. `files` are the exports in the store by extension, `out`
    is where copies of them were put. `attempts` counts ends that were not as good as can be, under the
    same settings. `original` is a copy of a quarantined file, where such are kept.
    """

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
    page_count: int = 0
    pages: int = 0
    issues: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    device_seconds: dict[str, float] = {}
    prints: dict[str, str] = {}
    files: dict[str, str] = {}
    out: str = ""
    run: str = ""
    attempts: int = 0
    permanent: bool = False
    last_print: str = ""
    original: str = ""

    @property
    def ref(self) -> DocumentRef:
        """The document as a batch names it; its bytes are the kept original's when there is one."""
        return DocumentRef(
            self.id, self.name, self.original or self.source, self.size, self.published, self.version
        )

    @property
    def converted(self) -> bool:
        """Whether there is a document to read."""
        return self.state in ("converted", "partial")


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was seen: its address, the version that was, and the document it holds.

    A file that is left out has a `reason` and no document.
    """

    address: str
    version: str
    size: int
    at: datetime
    document: str = ""
    batch: str = ""
    reason: str = ""


_TEXTS = pa.map_(pa.string(), pa.string())
_AT = pa.field("at", pa.timestamp("us", "UTC"))

#: The columns of `DocumentRow`.
DOCUMENTS = pa.schema(
    [
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
        pa.field("page_count", pa.int32()),
        pa.field("pages", pa.int32()),
        pa.field("issues", pa.int32()),
        pa.field("seconds", pa.float64()),
        pa.field("cpu_seconds", pa.float64()),
        pa.field("device_seconds", pa.map_(pa.string(), pa.float64())),
        pa.field("prints", _TEXTS),
        pa.field("files", _TEXTS),
        pa.field("out", pa.string()),
        pa.field("run", pa.string()),
        pa.field("attempts", pa.int16()),
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
    ]
)


def to_rows(rows: list[T]) -> list[dict[str, Any]]:
    """Structs as Parquet takes them."""
    return [msgspec.to_builtins(row, builtin_types=(datetime,)) for row in rows]


def from_table(table: pa.Table, kind: type[T]) -> Iterator[T]:
    """Structs from the rows of a table; columns that an earlier version did not write have their defaults."""
    for row in table.to_pylist(maps_as_pydicts="strict"):
        yield msgspec.convert({key: value for key, value in row.items() if value is not None}, kind)
