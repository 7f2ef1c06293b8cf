"""Originals of quarantined files, kept in the store for those who ask for it: quarantine/3f/ID.pdf.

Nobody's file is ever moved or removed; without this the ledger only says where the file was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docmill.pipeline.convert.errors import DocumentError
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache

__all__ = ["keep_originals", "original_path"]

_READ_BYTES = 1 << 20


def original_path(document: str) -> str:
    """Where the original of a document is kept."""
    return f"quarantine/{document[:2]}/{document}.pdf"


def keep_originals(
    store: DocumentStore,
    sources: SourceCache,
    documents: Sequence[DocumentRef],
    records: Sequence[StageRecord],
) -> dict[str, str]:
    """Copy the files of documents that were not converted; their addresses in the store, by document.

    A file that is gone or has changed is left out: there is nothing to keep.
    """
    kept: dict[str, str] = {}
    for document, record in zip(documents, records, strict=True):
        if record.usable:
            continue
        path = original_path(document.id)
        if not store.exists(path):
            try:
                store.write_stream(path, _pieces(sources, document))
            except DocumentError:
                continue
        kept[document.id] = store.full_path(path)
    return kept


def _pieces(sources: SourceCache, document: DocumentRef) -> Iterator[bytes]:
    with sources.local_path(document.source, document.id).open("rb") as file:
        while piece := file.read(_READ_BYTES):
            yield piece
