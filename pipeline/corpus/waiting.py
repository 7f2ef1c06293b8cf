"""How many pages wait to be converted, by the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Waiting", "total"]


@dataclass
class Waiting:
    """Documents that are queued; add tables of the ledger with at least `state` and `page_count`."""

    documents: int = 0
    _pages: int = 0
    _unopened: int = 0
    _opened: int = 0
    _all_pages: int = 0

    def add(self, table: pa.Table) -> pa.Table:
        """Count rows of the ledger; gives those that are queued."""
        queued = table.filter(pc.equal(table["state"], "queued"))
        self.documents += queued.num_rows
        self._pages += total(queued["page_count"])
        self._unopened += total(pc.equal(queued["page_count"], 0))
        self._opened += total(pc.greater(table["page_count"], 0))
        self._all_pages += total(table["page_count"])
        return queued

    @property
    def pages(self) -> int:
        """Their pages; one that was not opened counts as many as those that were have on average."""
        guessed = round(self._unopened * self._all_pages / self._opened) if self._opened else 0
        return self._pages + guessed


def total(values: pa.ChunkedArray | pa.BooleanArray) -> int:
    """The sum of whole numbers, or how many are true; 0 of none."""
    return pc.sum(values).as_py() or 0
