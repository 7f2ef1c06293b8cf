"""From places that people name to batches: find files, identify them by content, write manifests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from docmill.pipeline.convert.errors import DocumentError
from docmill.pipeline.intake.batches import CONVERT, BatchLimits, DocumentRef, Manifest, group, write_manifest
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import (
    LeaveOut,
    SourceCache,
    UnreadableSource,
    find_sources,
)
from docmill.resources.clients.files.web_addresses import is_web

__all__ = ["distinct_names", "find_documents", "make_batches", "told_apart"]


def find_documents(
    places: Iterable[str], sources: SourceCache, leave_out: LeaveOut | None = None, *, keep: bool = True
) -> Iterator[DocumentRef]:
    """The documents at the places named, identified by their bytes.

    What is there and cannot be read goes to `leave_out`; without it, its `DocumentError` is raised. Files
    that are elsewhere are copied to this machine, unless `keep` is off. Raises `SourceMissingError` for a
    place that does not exist.
    """
    for file in find_sources(places, sources.options, leave_out):
        try:
            id_ = sources.identify(file.address) if keep else sources.content_id(file.address)
        except DocumentError as error:
            if leave_out is None:
                raise
            leave_out(UnreadableSource(file.name, file.address, error))
            continue
        # nobody says how large a file on the web is before it is here
        size = sources.copied_size(id_) if keep and is_web(file.address) else file.size
        yield DocumentRef(id_, file.name, file.address, size)


def distinct_names(documents: Sequence[DocumentRef]) -> list[DocumentRef]:
    """Each document once, with its content id in the name of its results where others have the same name."""
    documents = list({(document.id, document.source): document for document in documents}.values())
    shared = Counter(document.stem.lower() for document in documents)
    return [
        document if shared[document.stem.lower()] == 1 else told_apart(document) for document in documents
    ]


def told_apart(document: DocumentRef) -> DocumentRef:
    """The document with its content id in the name of its results."""
    return msgspec.structs.replace(document, published=f"{document.stem}-{document.id[:6]}")


def make_batches(
    store: DocumentStore, documents: Iterable[DocumentRef], limits: BatchLimits, origin: str = CONVERT
) -> Iterator[Manifest]:
    """Group documents and write a manifest for each batch."""
    for batch in group(documents, limits):
        yield write_manifest(store, batch, origin)
