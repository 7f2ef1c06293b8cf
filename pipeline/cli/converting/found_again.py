"""Whether everything that `docmill convert` is asked for has been done already; without Dagster."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from docmill.pipeline.cli.converting.arrow import load_arrow
from docmill.pipeline.cli.converting.known_settings import KnownSettings
from docmill.pipeline.cli.options.convert import ConvertOptions
from docmill.pipeline.cli.places import the_sources, the_store
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.intake.ingest import distinct_names, find_documents
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.final import final_record
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.at_once import at_once
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import UnreadableSource

__all__ = ["found_again"]

_LAST = "exports"


def found_again(options: ConvertOptions, known: KnownSettings) -> list[StageRecord] | None:
    """The documents' records where each is converted under these settings, published, and settled.

    It must have come to an end that it would come to again, its copies below `out` must be as they were made,
    and the ledger must say what another run would have it say. None otherwise, and where it is not known
    without more work: of files that are elsewhere. Raises `DocmillError` for a place that is not there.
    """
    if not options.plain or any("://" in place for place in options.places):
        return None
    unread: list[UnreadableSource] = []
    documents = distinct_names(list(find_documents(options.places, the_sources(), unread.append)))
    artifacts = ArtifactStore(the_store())
    out = options.place_beside(known.out)
    records = None if unread or not documents else _finished(artifacts, known, documents)
    if (
        records is None
        or not _published(artifacts.store, documents, records, out)
        or not _settled(artifacts.store, documents, known, out)
    ):
        return None
    return list(at_once(partial(final_record, artifacts, known.fingerprints), documents))


def _finished(
    artifacts: ArtifactStore, known: KnownSettings, documents: Sequence[DocumentRef]
) -> list[StageRecord] | None:
    """The records of the last stage; None when one is missing, or doing it again may come to another end."""
    records: list[StageRecord] = []
    print_ = known.fingerprints[_LAST]
    for record in at_once(lambda document: artifacts.record(document.id, _LAST, print_), documents):
        if record is None or not record.final:
            return None
        records.append(record)
    return records


def _published(
    store: DocumentStore, documents: Sequence[DocumentRef], records: Sequence[StageRecord], out: str
) -> bool:
    """Whether every copy below `out` is there, byte for byte; of documents with pictures it is not known."""
    made = [record.extra_as(ExportsExtra) for record in records]
    if any(each.images for each in made):
        return False
    copies = {
        f"{document.stem}.{extension}": path
        for document, each in zip(documents, made, strict=True)
        for extension, path in each.files.items()
    }
    target = DocumentStore(out)

    def same(pair: tuple[str, str]) -> bool:
        name, path = pair
        try:
            return target.read(name) == store.read(path)
        except FileNotFoundError:
            return False

    return all(at_once(same, copies.items()))


def _settled(store: DocumentStore, documents: Sequence[DocumentRef], known: KnownSettings, out: str) -> bool:
    """Whether the ledger has every document as it is made now, at one of its places, published here."""
    load_arrow()  # not before all else is as it should be: it takes as long as the rest
    from docmill.pipeline.corpus.ledger.ledger import open_ledger

    rows = open_ledger(store).find((document.id, document.source) for document in documents)

    def settled(document: DocumentRef) -> bool:
        row = rows.get((document.id, document.source))
        return (
            row is not None
            and row.converted
            and row.prints == known.fingerprints
            and row.out == out
            and (row.name, row.published) == (document.name, document.published)
        )

    return all(settled(document) for document in documents)
