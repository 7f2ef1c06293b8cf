"""What nobody needs any more: found first, removed only when told so.

Current results of documents are never touched, nor is anything that the ledger does not know, nor anybody's
own file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.resources.clients.files.document_store import DocumentStore, StoredObject

__all__ = ["Garbage", "Kind", "find_garbage"]

Kind = Literal["superseded", "page chunks", "unfinished writes", "ledger", "originals"]


@dataclass(frozen=True)
class Garbage:
    """An object of the store that can go, and what it is."""

    kind: Kind
    object: StoredObject


def find_garbage(store: DocumentStore, ledger: Ledger, before: datetime) -> Iterator[Garbage]:
    """Objects of the store written before a moment that nobody needs.

    - `superseded`: artifacts made with settings or models other than those the document has now;
    - `page chunks`: of stages that were never finished, or were finished by another run;
    - `unfinished writes`: what killed writers left;
    - `ledger`: what killed merges left;
    - `originals`: kept originals of documents that were converted in the end.
    """
    for shard in range(256):
        prefix = f"{shard:02x}"
        rows = {row.id: row for row in ledger.beginning_with(prefix)}
        if rows:
            yield from _of_documents(store.details(f"documents/{prefix}"), rows, before)
            yield from _originals(store.details(f"quarantine/{prefix}"), rows, before)
    for each in store.unfinished():
        if each.modified < before:
            yield Garbage("unfinished writes", each)
    orphans = {*ledger.documents.orphans(), *ledger.sources.orphans()}
    for each in store.details("ledger") if orphans else ():
        if each.path in orphans and each.modified < before:
            yield Garbage("ledger", each)


def _of_documents(
    objects: Iterable[StoredObject], rows: dict[str, DocumentRow], before: datetime
) -> Iterator[Garbage]:
    """documents/3f/ID/STAGE/PRINT.json.zst, .../PRINT/document.md, .../PRINT.parts/000001-000008.json.zst."""
    for each in objects:
        parts = PurePosixPath(each.path).parts
        if len(parts) < 5 or each.modified >= before:
            continue
        row, stage, name = rows.get(parts[2]), parts[3], parts[4]
        if row is None or row.state == "queued" or stage not in row.prints:
            continue
        if name.endswith(".parts"):
            yield Garbage("page chunks", each)
        elif name.removesuffix(".json.zst") != row.prints[stage]:
            yield Garbage("superseded", each)


def _originals(
    objects: Iterable[StoredObject], rows: dict[str, DocumentRow], before: datetime
) -> Iterator[Garbage]:
    for each in objects:
        row = rows.get(PurePosixPath(each.path).stem)
        if row and row.converted and each.modified < before:
            yield Garbage("originals", each)
