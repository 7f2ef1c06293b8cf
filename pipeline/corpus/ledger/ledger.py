"""The ledger of a store: documents by content and source, sources by address, attempts by document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow.compute as pc

from docmill.pipeline.convert.errors import BatchStoppedError, RunInterruptedError
from docmill.pipeline.corpus.ledger.ends import (
    Outcome,
    after,
    attempt_of,
    ended_row,
    interrupted_row,
    interruption_of,
    queued_row,
    source_row,
    stopped_row,
    superseded_row,
)
from docmill.pipeline.corpus.ledger.entries import (
    ATTEMPTS,
    DOCUMENTS,
    SOURCES,
    Attempt,
    DocumentRow,
    SourceRow,
    entries_of,
    entry_of,
    from_table,
    to_rows,
)
from docmill.pipeline.corpus.ledger.keyed_table import Formerly, LedgerTable
from docmill.pipeline.intake.batches import CONVERT, INBOX, DocumentRef, Manifest
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["Ledger", "open_ledger"]

_FOLDER = "ledger"


@dataclass(frozen=True)
class Ledger:
    """Which documents and sources there are. It is derived: `rebuild` makes it again from the artifacts."""

    documents: LedgerTable
    sources: LedgerTable
    attempts: LedgerTable

    def queue(self, manifests: Sequence[Manifest], *, again: bool = False, resumed: bool = False) -> None:
        """The documents of these batches wait for their run; their sources have been seen.

        A batch that has run already stays as it is, unless it is to be run `again`; `resumed` are only those
        of its documents that were interrupted or superseded. What somebody converts by hand takes no document
        away from an inbox. A source that held other content until now has that superseded.
        """
        refs = [ref for manifest in manifests for ref in manifest.documents]
        known = self.find((ref.id, ref.source) for ref in refs)
        seen = self.seen(ref.source for ref in refs)
        documents: dict[tuple[str, str], DocumentRow] = {}
        sources: dict[str, SourceRow] = {}
        replaced: dict[tuple[str, str], datetime] = {}
        for manifest in manifests:
            anew = again or manifest.origin == CONVERT
            at = datetime.now(UTC) if anew else manifest.created
            for ref in manifest.documents:
                key = (ref.id, ref.source)
                if (again and _theirs(known.get(key), manifest)) or _waits(known.get(key), manifest, resumed):
                    documents[key] = queued_row(ref, manifest, known.get(key), at)
                before = seen.get(ref.source)
                if not again and _sees(before, manifest):
                    if before and before.document not in ("", ref.id) and before.at <= at:
                        replaced[before.document, ref.source] = at
                    replaced.pop(key, None)
                    seen[ref.source] = sources[ref.source] = source_row(ref, manifest, at)
        for key, row in (self.find(replaced) | documents).items():
            if key in replaced:
                documents[key] = superseded_row(row, replaced[key])
        self.documents.append(to_rows(list(documents.values())))
        self.sources.append(to_rows(list(sources.values())))

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
        """A batch has run: what stands of each of its documents now. Returns the rows, in order.

        `records` are those of the last stage with the seconds of all; `originals` are the addresses of kept
        originals by document. A good result stands, whatever an attempt after it comes to.
        """
        known = self.find((ref.id, ref.source) for ref in documents)
        now = datetime.now(UTC)
        ends = [
            ended_row(outcome, ref, record, now, (originals or {}).get(ref.id, ""))
            for ref, record in zip(documents, records, strict=True)
        ]
        rows = [after(known.get((end.id, end.source)), end) for end in ends]
        self.documents.append(to_rows([row for row in rows if row.at == now]))
        self.attempts.append(to_rows([attempt_of(end) for end in ends]))
        return rows

    def stop(self, outcome: Outcome, documents: Sequence[DocumentRef], error: BatchStoppedError) -> None:
        """A batch was stopped before these documents were done; what was made of them before stays.

        Those that another batch has converted under the same settings have nothing to wait for.
        """
        known = self.find((ref.id, ref.source) for ref in documents)
        prints, now = dict(outcome.prints), datetime.now(UTC)
        done = {key for key, row in known.items() if row.converted and row.prints == prints}
        left = [ref for ref in documents if (ref.id, ref.source) not in done]
        ends = [stopped_row(outcome, ref, error, now) for ref in left]
        rows = [after(known.get((end.id, end.source)), end) for end in ends]
        self.documents.append(to_rows([row for row in rows if row.at == now]))
        self.attempts.append(to_rows([attempt_of(end) for end in ends]))

    def interrupt(self, manifest: Manifest, run: str, error: RunInterruptedError) -> int:
        """The run of a batch ended before these documents did; how many of them waited for it.

        Saying it once more changes nothing, and counts the same.
        """
        known = self.find((ref.id, ref.source) for ref in manifest.documents)
        now = datetime.now(UTC)
        rows: list[DocumentRow] = []
        said = 0
        for ref in manifest.documents:
            row = known.get((ref.id, ref.source))
            if _waits(row, manifest, resumed=False):  # the sensor has not said yet that it does
                row = queued_row(ref, manifest, row, manifest.created)
            if row and row.state == "queued" and row.batch == manifest.key:
                rows.append(interrupted_row(row, run, error, now))
            elif row and (row.state, row.batch, row.run) == ("interrupted", manifest.key, run):
                said += 1
        self.documents.append(to_rows(rows))
        self.attempts.append(to_rows([interruption_of(row) for row in rows]))
        return len(rows) + said

    def of(self, id_: str) -> list[DocumentRow]:
        """The document with this content id, once for each of its sources."""
        return self.beginning_with(f"{id_}-")

    def at_source(self, id_: str, source: str) -> DocumentRow | None:
        """The document with this content id at this source."""
        return self.find([(id_, source)]).get((id_, source))

    def beginning_with(self, prefix: str) -> list[DocumentRow]:
        """The documents whose ids begin so."""
        return list(from_table(self.documents.find_prefix(prefix), DocumentRow))

    def history(self, entry: str) -> list[Attempt]:
        """What each run made of a document, the earliest first; `DocumentRow.entry` names it."""
        return list(from_table(self.attempts.find_prefix(f"{entry}-"), Attempt))

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

    def find(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], DocumentRow]:
        """The documents with these ids at these sources that there are, by id and source."""
        found = self.documents.find(entry_of(id_, source) for id_, source in pairs)
        return {(row.id, row.source): row for row in from_table(found, DocumentRow)}

    def named(self, name: str) -> list[DocumentRow]:
        """The documents of this name, or whose file is called so in some folder: all rows are looked at."""
        keys: list[str] = []
        for table in self.documents.scan(["name"]):
            names = table["name"]
            ours = pc.or_(pc.equal(names, name), pc.ends_with(names, f"/{name}"))
            keys += table.filter(ours)["entry"].to_pylist()
        return list(from_table(self.documents.find(keys), DocumentRow))

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
        for table in self.tables:
            table.compact(everything=True)

    @property
    def tables(self) -> Collection[LedgerTable]:
        """All of them."""
        return (self.documents, self.sources, self.attempts)


def open_ledger(store: DocumentStore) -> Ledger:
    """The ledger of a store. One of docmill 0.2 had a row for each content; its rows are read as they are."""
    formerly = Formerly(("id", "source"), entries_of)
    return Ledger(
        LedgerTable(store, f"{_FOLDER}/documents", DOCUMENTS, "entry", formerly),
        LedgerTable(store, f"{_FOLDER}/sources", SOURCES, "address"),
        LedgerTable(store, f"{_FOLDER}/attempts", ATTEMPTS, "key"),
    )


def _theirs(known: DocumentRow | None, manifest: Manifest) -> bool:
    """Whether a batch may take a document: somebody by hand takes none from an inbox."""
    return known is None or known.by_hand or manifest.origin != CONVERT


def _waits(known: DocumentRow | None, manifest: Manifest, resumed: bool) -> bool:
    """Whether a document waits for this batch, which has not been said yet; or does again."""
    if known is None:
        return True
    if not _theirs(known, manifest):
        return False
    if known.batch == manifest.key:
        return resumed and known.state in ("interrupted", "superseded")
    return manifest.origin == CONVERT or known.at <= manifest.created


def _sees(known: SourceRow | None, manifest: Manifest) -> bool:
    """Whether a batch says what its sources hold: an inbox does, and somebody by hand of files in none."""
    return manifest.origin == INBOX or (
        manifest.origin == CONVERT and (known is None or known.origin == CONVERT)
    )
