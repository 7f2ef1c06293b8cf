"""The ledger of a store: documents by content id, sources by address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from docmill.pipeline.convert.errors import BatchStoppedError
from docmill.pipeline.corpus.ledger.entries import (
    DOCUMENTS,
    SOURCES,
    DocumentRow,
    SourceRow,
    from_table,
    to_rows,
)
from docmill.pipeline.corpus.ledger.keyed_table import LedgerTable
from docmill.pipeline.intake.batches import INBOX, DocumentRef, Manifest
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["Ledger", "Outcome", "open_ledger", "queued_row", "settled_row", "source_row", "stopped_row"]

_FOLDER = "ledger"


@dataclass(frozen=True)
class Outcome:
    """What a run made of a batch, as far as it is the same for all its documents."""

    batch: str
    origin: str
    run: str
    prints: Mapping[str, str]
    out: str = ""


@dataclass(frozen=True)
class Ledger:
    """Which documents and sources there are. It is derived: `rebuild` makes it again from the artifacts."""

    documents: LedgerTable
    sources: LedgerTable

    def queue(self, manifests: Sequence[Manifest], *, again: bool = False) -> None:
        """The documents of these batches wait for their run; sources of the inbox have been seen.

        A batch that has run already stays as it is, unless it is to be run `again`.
        """
        known = self._by_id(ref.id for manifest in manifests for ref in manifest.documents)
        documents: list[DocumentRow] = []
        sources: list[SourceRow] = []
        for manifest in manifests:
            at = datetime.now(UTC) if again else manifest.created
            for ref in manifest.documents:
                before = known.get(ref.id)
                if again or before is None or before.batch != manifest.key:
                    documents.append(queued_row(ref, manifest, before, at))
                if manifest.origin == INBOX:
                    sources.append(source_row(ref, manifest))
        self.documents.append(to_rows(documents))
        self.sources.append(to_rows(sources))

    def see(self, rows: list[SourceRow]) -> None:
        """These sources have been seen in this version."""
        self.sources.append(to_rows(rows))

    def settle(
        self,
        outcome: Outcome,
        documents: Sequence[DocumentRef],
        records: Sequence[StageRecord],
        originals: Mapping[str, str] | None = None,
    ) -> list[DocumentRow]:
        """A batch has run: what became of each of its documents. Returns the rows, in order.

        `records` are those of the last stage with the seconds of all; `originals` are the addresses of kept
        originals by document.
        """
        known = self._by_id(ref.id for ref in documents)
        now = datetime.now(UTC)
        rows = [
            settled_row(outcome, ref, record, known.get(ref.id), now, (originals or {}).get(ref.id, ""))
            for ref, record in zip(documents, records, strict=True)
        ]
        self.documents.append(to_rows(rows))
        return rows

    def stop(self, outcome: Outcome, documents: Sequence[DocumentRef], error: BatchStoppedError) -> None:
        """A batch was stopped before these documents were done; what was made of them before stays.

        Those that another batch has converted under the same settings have nothing to wait for.
        """
        known = self._by_id(ref.id for ref in documents)
        prints, now = dict(outcome.prints), datetime.now(UTC)
        rows = [
            stopped_row(outcome, ref, error, before, now)
            for ref in documents
            if not ((before := known.get(ref.id)) and before.converted and before.prints == prints)
        ]
        self.documents.append(to_rows(rows))

    def document(self, id_: str) -> DocumentRow | None:
        """The document with this content id."""
        return next(from_table(self.documents.find([id_]), DocumentRow), None)

    def beginning_with(self, prefix: str) -> list[DocumentRow]:
        """The documents whose ids begin so."""
        return list(from_table(self.documents.find_prefix(prefix), DocumentRow))

    def source(self, address: str) -> SourceRow | None:
        """The source at this address."""
        return self.seen([address]).get(address)

    def seen(self, addresses: Iterable[str]) -> dict[str, SourceRow]:
        """The sources among these addresses that have been seen."""
        return {row.address: row for row in from_table(self.sources.find(addresses), SourceRow)}

    def replaced(self, manifest: Manifest) -> set[str]:
        """The sources of a batch that hold another document by now."""
        seen = self.seen(ref.source for ref in manifest.documents)
        return {
            ref.source
            for ref in manifest.documents
            if (row := seen.get(ref.source))
            and row.document not in ("", ref.id)
            and row.at > manifest.created
        }

    def find(self, ids: Iterable[str]) -> dict[str, DocumentRow]:
        """The documents with these ids that there are."""
        return self._by_id(ids)

    def all(self) -> Iterator[DocumentRow]:
        """Every document, in order of ids."""
        for table in self.documents.scan():
            yield from from_table(table, DocumentRow)

    def ignored(self) -> Iterator[SourceRow]:
        """Sources that are left out, in order of addresses."""
        for table in self.sources.scan():
            yield from (row for row in from_table(table, SourceRow) if row.reason)

    def compact(self) -> None:
        """Merge everything that was appended; readers then have the least to read."""
        self.documents.compact(everything=True)
        self.sources.compact(everything=True)

    def _by_id(self, ids: Iterable[str]) -> dict[str, DocumentRow]:
        return {row.id: row for row in from_table(self.documents.find(ids), DocumentRow)}


def open_ledger(store: DocumentStore) -> Ledger:
    """The ledger of a store."""
    return Ledger(
        LedgerTable(store, f"{_FOLDER}/documents", DOCUMENTS, "id"),
        LedgerTable(store, f"{_FOLDER}/sources", SOURCES, "address"),
    )


def source_row(ref: DocumentRef, manifest: Manifest) -> SourceRow:
    """The source of a document of a batch, as seen."""
    return SourceRow(
        address=ref.source,
        version=ref.version,
        size=ref.size,
        at=manifest.created,
        document=ref.id,
        batch=manifest.key,
    )


def queued_row(ref: DocumentRef, manifest: Manifest, known: DocumentRow | None, at: datetime) -> DocumentRow:
    """A document that waits; what is `known` of it stays, for its artifacts are still there."""
    if known is None:
        return DocumentRow(
            id=ref.id,
            name=ref.name,
            source=ref.source,
            size=ref.size,
            at=at,
            batch=manifest.key,
            version=ref.version,
            published=ref.published,
            origin=manifest.origin,
        )
    return msgspec.structs.replace(
        known,
        name=ref.name,
        source=ref.source,
        published=ref.published,
        version=ref.version,
        at=max(at, known.at),
        batch=manifest.key,
        origin=manifest.origin,
        state="queued",
    )


def stopped_row(
    outcome: Outcome, ref: DocumentRef, error: BatchStoppedError, known: DocumentRow | None, now: datetime
) -> DocumentRow:
    """A document whose batch was stopped at `now`; what is `known` of it stays but for its state."""
    last = outcome.prints.get("exports", "")
    base = known or DocumentRow(id=ref.id, name=ref.name, source=ref.source, size=ref.size, at=now, batch="")
    return msgspec.structs.replace(
        base,
        name=ref.name,
        source=ref.source,
        published=ref.published,
        version=ref.version,
        at=now,
        batch=outcome.batch,
        origin=outcome.origin,
        state="failed",
        reason=error.reason,
        message=f"{ref.name}: {error.message}",
        remedy=error.remedy,
        run=outcome.run,
        attempts=1 + (base.attempts if base.last_print == last else 0),
        permanent=False,
        # it is not stale: it was tried with these settings
        last_print=last,
    )


def settled_row(
    outcome: Outcome,
    ref: DocumentRef,
    record: StageRecord,
    known: DocumentRow | None,
    now: datetime,
    original: str,
) -> DocumentRow:
    """What became of a document at `now`; `known` is what was known of it before."""
    last = dict(outcome.prints)
    before = known.attempts if known and known.prints == last else 0
    return DocumentRow(
        id=ref.id,
        name=ref.name,
        source=ref.source,
        size=ref.size,
        at=now,
        batch=outcome.batch,
        version=ref.version,
        published=ref.published,
        origin=outcome.origin,
        state=record.status,
        reason=record.reason or ",".join(sorted({issue.reason for issue in record.issues})),
        message=record.message,
        remedy=record.remedy,
        stage=record.stopped_at,
        page_count=record.page_count,
        pages=len(record.pages),
        issues=len(record.issues),
        seconds=record.seconds,
        cpu_seconds=record.cpu_seconds,
        device_seconds=record.device_seconds,
        prints=last,
        files=record.extra_as(ExportsExtra).files if record.usable else {},
        out=outcome.out if record.usable else "",
        run=outcome.run,
        attempts=0 if record.final else before + 1,
        permanent=record.permanent,
        last_print=last.get("exports", ""),
        original=original,
    )
