"""Copies of the exports under names that people know, and an index of them.

    OUT/reports/2026/march.md, .html, .json     of reports/2026/march.pdf in the inbox
    OUT/reports/2026/march_artifacts/image_000000_....png   its pictures, where they are referenced
    OUT/_docmill/index/BATCH.parquet            a row for each document of a batch, converted or not

Whoever reads all files of the index as one table sees each document once for every batch it was in; `at` says
which is the latest.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from docmill.pipeline.convert.document.pictures.picture_names import artifacts_folder, pointed_at
from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.at_once import at_once
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["INDEX", "OUTPUT", "publish", "write_index"]

INDEX = "_docmill/index"
#: What errors call the place of the copies.
OUTPUT = "the output"
#: Files copied at once; each is held whole.
_COPIES = 8

_COLUMNS = pa.schema(
    [
        pa.field("document", pa.string()),
        pa.field("name", pa.string()),
        pa.field("source", pa.string()),
        pa.field("size", pa.int64()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("message", pa.string()),
        pa.field("pages", pa.int32()),
        pa.field("page_count", pa.int32()),
        pa.field("files", pa.list_(pa.string())),
        pa.field("batch", pa.string()),
        pa.field("run", pa.string()),
        pa.field("at", pa.timestamp("us", "UTC")),
    ]
)


def publish(
    store: DocumentStore, documents: Sequence[DocumentRef], records: Sequence[StageRecord], out: str
) -> list[str]:
    """Copy every export below `out`, keeping the folders that names have; returns the paths written.

    Many are copied at once; of those under the same name the last stands.
    """
    target = DocumentStore(out, what=OUTPUT)

    def copy(each: _Copy) -> str:
        data = store.read(each.path)
        if each.pictures:
            data = pointed_at(data, each.extension, each.pictures, each.stem)
        target.write(each.name, data)
        return target.full_path(each.name)

    copies = {
        each.name: each
        for document, record in zip(documents, records, strict=True)
        if record.usable
        for each in _copies(document.stem, record.extra_as(ExportsExtra))
    }
    return list(at_once(copy, copies.values(), _COPIES))


@dataclass(frozen=True)
class _Copy:
    """A file of the store and the name that it gets; a document's also has the pictures it refers to."""

    name: str
    path: str
    stem: str
    extension: str = ""
    pictures: tuple[str, ...] = ()


def _copies(stem: str, made: ExportsExtra) -> Iterator[_Copy]:
    """Pictures first: what refers to them should find them."""
    for name, path in made.images.items():
        yield _Copy(f"{artifacts_folder(stem)}/{name}", path, stem)
    for extension, path in made.files.items():
        yield _Copy(f"{stem}.{extension}", path, stem, extension, tuple(made.images))


def write_index(rows: Sequence[DocumentRow], batch: str, out: str) -> str:
    """Write what stands of a batch below `out`; doing it again writes the same file. Returns its address."""
    target = DocumentStore(out, what=OUTPUT)
    path = f"{INDEX}/{batch}.parquet"
    table = pa.Table.from_pylist([{**_indexed(row), "batch": batch} for row in rows], _COLUMNS)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    target.write(path, sink.getvalue())
    return target.full_path(path)


def _indexed(row: DocumentRow) -> dict[str, object]:
    return {
        "document": row.id,
        "name": row.name,
        "source": row.source,
        "size": row.size,
        "state": row.state,
        "reason": row.reason,
        "message": row.message,
        "pages": row.pages,
        "page_count": row.page_count,
        "files": [f"{row.ref.stem}.{extension}" for extension in row.files],
        "run": row.run,
        "at": row.at,
    }
