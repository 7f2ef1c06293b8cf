"""Make the ledger again from what it was derived from: manifests, and the records in the artifacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

import msgspec

from docmill.pipeline.corpus.ledger.entries import DocumentRow, SourceRow, to_rows
from docmill.pipeline.corpus.ledger.ledger import Ledger, Outcome, queued_row, settled_row, source_row
from docmill.pipeline.intake.batches import INBOX, DocumentRef, Manifest, manifest_keys, read_manifest
from docmill.pipeline.stages.results.accounting import summed
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
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
    """The newest artifact of each stage of a document."""

    prints: dict[str, str]
    times: dict[str, datetime]


def rebuild(store: DocumentStore, ledger: Ledger, told: Callable[[str], None] = lambda _: None) -> Rebuilt:
    """Write every row anew; rows that runs append meanwhile are newer and stand.

    What only the ledger knew is lost: attempts, where copies were put, files that were left out (they will be
    reported once more), and the run.
    """
    keys = manifest_keys(store)
    told(f"{len(keys)} batches")
    artifacts = ArtifactStore(store)
    members: dict[str, tuple[DocumentRef, Manifest]] = {}
    sources: dict[str, SourceRow] = {}
    for manifest in _manifests(store, keys):
        for ref in manifest.documents:
            if ref.id not in members or members[ref.id][1].created < manifest.created:
                members[ref.id] = (ref, manifest)
            if manifest.origin == INBOX:
                sources[ref.source] = source_row(ref, manifest)
    told(f"{len(members)} documents")
    ledger.documents.clear()
    ledger.sources.clear()
    settled = 0
    for shard in range(256):
        prefix = f"{shard:02x}"
        ids = sorted(id_ for id_ in members if id_.startswith(prefix))
        if not ids:
            continue
        finished = _finished(store.details(f"documents/{prefix}"))
        with ThreadPoolExecutor(_READERS) as readers:
            rows = list(
                readers.map(lambda id_: _row(artifacts, *members[id_], finished.get(id_)), ids)  # noqa: B023
            )
        ledger.documents.append(to_rows(rows))
        settled += sum(row.state != "queued" for row in rows)
        told(f"{prefix}: {settled} documents have run")
    listed = sorted(sources)
    for start in range(0, len(listed), _ROWS):
        ledger.sources.append(to_rows([sources[address] for address in listed[start : start + _ROWS]]))
    ledger.compact()
    return Rebuilt(len(keys), len(members), settled)


def _manifests(store: DocumentStore, keys: Sequence[str]) -> Iterator[Manifest]:
    """All manifests, the earliest first as far as their keys say."""
    with ThreadPoolExecutor(_READERS) as readers:
        yield from readers.map(lambda key: read_manifest(store, key), keys)


def _finished(objects: Iterator[StoredObject]) -> dict[str, _Finished]:
    """Finished artifacts of a shard, `documents/3f/ID/STAGE/PRINT.json.zst`."""
    found: dict[str, _Finished] = defaultdict(lambda: _Finished({}, {}))
    for each in objects:
        parts = PurePosixPath(each.path).parts
        if len(parts) != 5 or not parts[4].endswith(".json.zst"):
            continue
        id_, stage, print_ = parts[2], parts[3], parts[4].removesuffix(".json.zst")
        document = found[id_]
        if stage not in document.times or document.times[stage] < each.modified:
            document.prints[stage], document.times[stage] = print_, each.modified
    return found


def _row(
    artifacts: ArtifactStore, ref: DocumentRef, manifest: Manifest, finished: _Finished | None
) -> DocumentRow:
    outcome = Outcome(manifest.key, manifest.origin, "", finished.prints if finished else {})
    records = _records(artifacts, ref, finished) if finished and _LAST in finished.prints else {}
    if not finished or _LAST not in records:
        return queued_row(ref, manifest, None, manifest.created)
    seconds = sum(record.seconds for record in records.values())
    cpu_seconds = sum(record.cpu_seconds for record in records.values())
    devices = summed(record.device_seconds for record in records.values())
    record = msgspec.structs.replace(
        records[_LAST], seconds=seconds, cpu_seconds=cpu_seconds, device_seconds=devices
    )
    return settled_row(outcome, ref, record, None, finished.times[_LAST], "")


def _records(artifacts: ArtifactStore, ref: DocumentRef, finished: _Finished) -> dict[str, StageRecord]:
    found = {
        stage: artifacts.record(ref.id, stage, print_) for stage, print_ in sorted(finished.prints.items())
    }
    return {stage: record for stage, record in found.items() if record}
