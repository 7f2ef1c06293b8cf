"""Make the ledger again from what it was derived from: manifests, and the records in the artifacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath

from docmill.pipeline.corpus.ledger.ends import Outcome, ended_row, queued_row, source_row, superseded_row
from docmill.pipeline.corpus.ledger.entries import DocumentRow, SourceRow, to_rows
from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.pipeline.intake.batches import (
    CONVERT,
    INBOX,
    DocumentRef,
    Manifest,
    manifest_keys,
    read_manifest,
)
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.final import with_totals
from docmill.pipeline.stages.results.records import renamed
from docmill.resources.clients.files.document_store import DocumentStore, StoredObject

__all__ = ["Rebuilt", "rebuild"]

_READERS = 32
_ROWS = 20_000
_LAST = "exports"


@dataclass(frozen=True)
class Rebuilt:
    """How many of each there are."""

    batches: int
    documents: int
    settled: int


@dataclass(frozen=True)
class _Finished:
    """The finished artifacts of a document: when each was written, by stage and fingerprint."""

    times: dict[str, dict[str, datetime]]

    def prints_with(self, last: str) -> dict[str, str]:
        """The fingerprints of the stages that the exports with this one rest on: the newest before them."""
        until = self.times[_LAST][last]
        found = {_LAST: last}
        for stage, times in self.times.items():
            before = {print_: at for print_, at in times.items() if at <= until}
            if before and stage != _LAST:
                found[stage] = max(before, key=before.__getitem__)
        return found


def rebuild(store: DocumentStore, ledger: Ledger, told: Callable[[str], None] = lambda _: None) -> Rebuilt:
    """Write every row anew; rows that runs append meanwhile are newer and stand.

    Of the exports of a document the newest that are good are its result. What only the ledger knew is lost:
    attempts since, where copies were put, files that were left out (they will be reported once more), and the
    run. The history of attempts is not derived from anything, and stays.
    """
    keys = manifest_keys(store)
    told(f"{len(keys)} batches")
    artifacts = ArtifactStore(store)
    members, sources = _members(_manifests(store, keys))
    told(f"{len(members)} documents")
    ledger.documents.clear()
    ledger.sources.clear()
    settled = 0
    for shard in range(256):
        prefix = f"{shard:02x}"
        ours = [members[key] for key in sorted(members) if key[0].startswith(prefix)]
        if not ours:
            continue
        finished = _finished(store.details(f"documents/{prefix}"))
        with ThreadPoolExecutor(_READERS) as readers:
            rows = list(readers.map(partial(_row, artifacts, finished, sources), ours))
        ledger.documents.append(to_rows(rows))
        settled += sum(row.state != "queued" for row in rows)
        told(f"{prefix}: {settled} documents have run")
    listed = sorted(sources)
    for start in range(0, len(listed), _ROWS):
        ledger.sources.append(to_rows([sources[address] for address in listed[start : start + _ROWS]]))
    ledger.compact()
    return Rebuilt(len(keys), len(members), settled)


def _members(
    manifests: Iterable[Manifest],
) -> tuple[dict[tuple[str, str], tuple[DocumentRef, Manifest]], dict[str, SourceRow]]:
    """The documents by id and source, with their last batch, an inbox's before one by hand; and sources."""
    members: dict[tuple[str, str], tuple[DocumentRef, Manifest]] = {}
    sources: dict[str, SourceRow] = {}

    def rank(manifest: Manifest) -> tuple[bool, datetime]:
        return (manifest.origin != CONVERT, manifest.created)

    for manifest in sorted(manifests, key=lambda each: each.created):
        for ref in manifest.documents:
            key = (ref.id, ref.source)
            if key not in members or rank(members[key][1]) <= rank(manifest):
                members[key] = (ref, manifest)
            known = sources.get(ref.source)
            if manifest.origin == INBOX or (
                manifest.origin == CONVERT and (known is None or known.origin == CONVERT)
            ):
                sources[ref.source] = source_row(ref, manifest, manifest.created)
    return members, sources


def _manifests(store: DocumentStore, keys: Sequence[str]) -> Iterator[Manifest]:
    """All manifests."""
    with ThreadPoolExecutor(_READERS) as readers:
        yield from readers.map(lambda key: read_manifest(store, key), keys)


def _finished(objects: Iterator[StoredObject]) -> dict[str, _Finished]:
    """Finished artifacts of a shard, `documents/3f/ID/STAGE/PRINT.json.zst`."""
    found: dict[str, _Finished] = defaultdict(lambda: _Finished(defaultdict(dict)))
    for each in objects:
        parts = PurePosixPath(each.path).parts
        if len(parts) == 5 and parts[4].endswith(".json.zst"):
            id_, stage, print_ = parts[2], parts[3], parts[4].removesuffix(".json.zst")
            found[id_].times[stage][print_] = each.modified
    return found


def _row(
    artifacts: ArtifactStore,
    finished: Mapping[str, _Finished],
    sources: Mapping[str, SourceRow],
    member: tuple[DocumentRef, Manifest],
) -> DocumentRow:
    ref, manifest = member
    ended = _ended(artifacts, ref, manifest, finished.get(ref.id))
    row = ended or queued_row(ref, manifest, None, manifest.created)
    source = sources.get(ref.source)
    return superseded_row(row, source.at) if source and source.document != ref.id else row


def _ended(
    artifacts: ArtifactStore, ref: DocumentRef, manifest: Manifest, finished: _Finished | None
) -> DocumentRow | None:
    """The end of a document: the newest of its good ones, or else the newest; None when it has none."""
    if finished is None or _LAST not in finished.times:
        return None
    ends = finished.times[_LAST]
    worst: DocumentRow | None = None
    for print_ in sorted(ends, key=ends.__getitem__, reverse=True):
        last = artifacts.record(ref.id, _LAST, print_)
        if last is None:
            continue
        prints = finished.prints_with(print_)
        others = (
            artifacts.record(ref.id, stage, prints[stage]) for stage in sorted(prints) if stage != _LAST
        )
        records = [last, *(record for record in others if record)]
        record = with_totals(renamed(last, ref.name), records)
        row = ended_row(Outcome(manifest.key, manifest.origin, "", prints), ref, record, ends[print_], "")
        if row.result:
            return row
        worst = worst or row
    return worst
