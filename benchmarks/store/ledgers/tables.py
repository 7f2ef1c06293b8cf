"""The tables that are measured: the ledger's own, and what it asks of one."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import pyarrow as pa

from docmill.pipeline.corpus.ledger.entries import DOCUMENTS, SOURCES
from docmill.pipeline.corpus.ledger.keyed_table import LedgerTable
from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.pipeline.corpus.ledger.select import FAILED, Selection
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["DELTA", "OURS", "KeyedTable", "OurTable", "TableKind", "opened"]

#: A table's module and class.
TableKind = tuple[str, str]

#: What a table is called here.
OURS: dict[str, TableKind] = {"ours": ("benchmarks.store.ledgers.tables", "OurTable")}
DELTA: dict[str, TableKind] = {
    "delta, appended": ("benchmarks.store.ledgers.delta_table", "AppendedDelta"),
    "delta, merged": ("benchmarks.store.ledgers.delta_table", "MergedDelta"),
}


class KeyedTable(Protocol):
    """What the ledger asks of its table."""

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows: the latest of a key counts."""
        ...

    def find(self, keys: Sequence[str]) -> pa.Table:
        """The rows of these keys, where there are any."""
        ...

    def find_prefix(self, prefix: str) -> pa.Table:
        """The rows whose keys begin so."""
        ...

    def scan(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """All rows, in parts."""
        ...

    def failed(self) -> Iterator[pa.Table]:
        """What `docmill documents --failed` reads."""
        ...

    def compact(self, *, everything: bool = False) -> bool:
        """Join small pieces; whether there was something to do."""
        ...


class OurTable(LedgerTable):
    """The table of the ledger."""

    def failed(self) -> Iterator[pa.Table]:
        """What `docmill documents --failed` reads."""
        return Selection(states=FAILED).tables(Ledger(self, self, self))


def opened(kind: TableKind, store: DocumentStore, case: str = "write") -> KeyedTable:
    """The table at a store whose module and class are `kind`, for a case of `work.py`."""
    of_sources = store.url.endswith("sources")
    table: KeyedTable = getattr(importlib.import_module(kind[0]), kind[1])(
        store, "ledger", SOURCES if of_sources else DOCUMENTS, "address" if of_sources else "entry"
    )
    if case != "write" and hasattr(table, "hours"):
        table.hours = 0  # nobody else reads, so nothing need be kept for readers
    return table
