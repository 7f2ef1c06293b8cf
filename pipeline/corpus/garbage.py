"""What nobody needs any more: found first, removed only when told so.

Current results of documents are never touched, nor is anything that the ledger does not know, nor anybody's
own file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from docmill.pipeline.corpus.ledger.entries import OPEN, DocumentRow
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
        rows: defaultdict[str, list[DocumentRow]] = defaultdict(list)
        for row in ledger.beginning_with(prefix):
            rows[row.id].append(row)
        if rows:
            yield from _of_documents(store.details(f"documents/{prefix}"), rows, before)
            yield from _originals(store.details(f"quarantine/{prefix}"), rows, before)
    for each in store.unfinished():
        if each.modified < before:
            yield Garbage("unfinished writes", each)
    orphans = {path for table in ledger.tables for path in table.orphans()}
    for each in store.details("ledger") if orphans else ():
        if each.path in orphans and each.modified < before:
            yield Garbage("ledger", each)


def _of_documents(
    objects: Iterable[StoredObject], rows: Mapping[str, Sequence[DocumentRow]], before: datetime
) -> Iterator[Garbage]:
    """documents/3f/ID/STAGE/PRINT.json.zst, .../PRINT/document.md, .../PRINT.parts/000001-000008.json.zst."""
    for each in objects:
        parts = PurePosixPath(each.path).parts
        if len(parts) < 5 or each.modified >= before:
            continue
        ours, stage, name = rows.get(parts[2], ()), parts[3], parts[4]
        prints = {row.prints[stage] for row in ours if stage in row.prints}
        if not prints or any(row.state in OPEN for row in ours):
            continue
        if name.endswith(".parts"):
            yield Garbage("page chunks", each)
        elif name.removesuffix(".json.zst") not in prints:
            yield Garbage("superseded", each)


def _originals(
    objects: Iterable[StoredObject], rows: Mapping[str, Sequence[DocumentRow]], before: datetime
) -> Iterator[Garbage]:
    for each in objects:
        ours = rows.get(PurePosixPath(each.path).stem, ())
        done = all(row.converted or row.state == "superseded" for row in ours)
        if ours and done and each.modified < before:
            yield Garbage("originals", each)
