"""Originals of quarantined files, kept in the store for those who ask for it: quarantine/3f/ID.pdf.

Nobody's file is ever moved or removed; without this the ledger only says where the file was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from docmill.pipeline.convert.errors import DocumentError
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.at_once import at_once
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache

__all__ = ["keep_originals", "original_path"]

_READ_BYTES = 1 << 20
#: Files copied at once; an upload to S3 holds as much as a part of it, 50 MB.
_COPIES = 4


def original_path(document: str) -> str:
    """Where the original of a document is kept."""
    return f"quarantine/{document[:2]}/{document}.pdf"


def keep_originals(
    store: DocumentStore,
    sources: SourceCache,
    documents: Sequence[DocumentRef],
    records: Sequence[StageRecord],
) -> dict[str, str]:
    """Copy the files of documents that were not converted, several at once; their addresses, by document.

    A file that is gone or has changed is left out: there is nothing to keep.
    """

    bad: defaultdict[str, list[DocumentRef]] = defaultdict(list)
    for document, record in zip(documents, records, strict=True):
        if not record.usable:
            bad[document.id].append(document)

    def keep(id_: str) -> bool:
        return store.exists(original_path(id_)) or any(_kept(store, sources, each) for each in bad[id_])

    kept = zip(bad, at_once(keep, bad, _COPIES), strict=True)
    return {id_: store.full_path(original_path(id_)) for id_, is_kept in kept if is_kept}


def _kept(store: DocumentStore, sources: SourceCache, document: DocumentRef) -> bool:
    try:
        store.write_stream(original_path(document.id), _pieces(sources, document))
    except DocumentError:
        return False
    return True


def _pieces(sources: SourceCache, document: DocumentRef) -> Iterator[bytes]:
    with sources.local_path(document.source, document.id).open("rb") as file:
        while piece := file.read(_READ_BYTES):
            yield piece
