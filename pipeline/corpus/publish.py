"""Copies of the exports under names that people know, and an index of them.

    OUT/reports/2026/march.md, .html, .json     of reports/2026/march.pdf in the inbox
    OUT/_docmill/index/BATCH.parquet            a row for each document of a batch, converted or not

Whoever reads all files of the index as one table sees each document once for every batch it was in; `at` says
which is the latest.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.at_once import at_once
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["INDEX", "publish", "write_index"]

INDEX = "_docmill/index"
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
    target = DocumentStore(out)

    def copy(pair: tuple[str, str]) -> str:
        name, path = pair
        target.write(name, store.read(path))
        return target.full_path(name)

    copies = {
        f"{document.stem}.{extension}": path
        for document, record in zip(documents, records, strict=True)
        if record.usable
        for extension, path in record.extra_as(ExportsExtra).files.items()
    }
    return list(at_once(copy, copies.items(), _COPIES))


def write_index(rows: Sequence[DocumentRow], out: str) -> str:
    """Write what became of a batch below `out`; doing it again writes the same file. Returns its address."""
    target = DocumentStore(out)
    path = f"{INDEX}/{rows[0].batch}.parquet"
    table = pa.Table.from_pylist([_indexed(row) for row in rows], _COLUMNS)
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
        "batch": row.batch,
        "run": row.run,
        "at": row.at,
    }
