"""How much a store holds."""

from __future__ import annotations

import time

from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["store_bytes"]


def store_bytes(store: DocumentStore, patience_s: float) -> int | None:
    """The bytes of all objects; None when listing them takes longer than that."""
    deadline, total = time.monotonic() + patience_s, 0
    for each in store.details(""):
        total += each.size
        if time.monotonic() > deadline:
            return None
    return total
