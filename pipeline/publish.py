"""Copies of the exports under names that people know: `report.pdf` becomes `OUT/report.md`."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.batches import DocumentRef
from pipeline.records import StageRecord
from resources.store import DocumentStore

__all__ = ["publish"]


def publish(
    store: DocumentStore, documents: Sequence[DocumentRef], records: Sequence[StageRecord], out: str
) -> list[str]:
    """Copy every export below `out`, keeping the folders that names have; returns the paths written."""
    target = DocumentStore(out)
    written = []
    for document, record in zip(documents, records, strict=True):
        for extension, path in record.extra.get("files", {}).items() if record.usable else ():
            name = f"{document.stem}.{extension}"
            target.write(name, store.read(path))
            written.append(target.full_path(name))
    return written
