"""From places that people name to batches: find files, identify them by content, write manifests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from docmill.pipeline.intake.batches import CONVERT, BatchLimits, DocumentRef, Manifest, group, write_manifest
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, find_sources

__all__ = ["distinct_names", "find_documents", "make_batches"]


def find_documents(places: Iterable[str], sources: SourceCache) -> Iterator[DocumentRef]:
    """The documents at the places named, identified by their bytes.

    Raises `SourceMissingError` for a place that does not exist.
    """
    for file in find_sources(places, sources.options):
        yield DocumentRef(sources.identify(file.address), file.name, file.address, file.size)


def distinct_names(documents: Sequence[DocumentRef]) -> list[DocumentRef]:
    """Each document once, with its content id in the name of its results where others have the same name."""
    documents = list({(document.id, document.source): document for document in documents}.values())
    shared = Counter(document.stem.lower() for document in documents)
    return [
        document
        if shared[document.stem.lower()] == 1
        else msgspec.structs.replace(document, published=f"{document.stem}-{document.id[:6]}")
        for document in documents
    ]


def make_batches(
    store: DocumentStore, documents: Iterable[DocumentRef], limits: BatchLimits, origin: str = CONVERT
) -> Iterator[Manifest]:
    """Group documents and write a manifest for each batch."""
    for batch in group(documents, limits):
        yield write_manifest(store, batch, origin)
