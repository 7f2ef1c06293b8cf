"""Which documents of the ledger are meant: by state, reason, place, time and batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from docmill.pipeline.corpus.ledger.entries import DocumentRow, State, from_table
from docmill.pipeline.corpus.ledger.ledger import Ledger

__all__ = ["FAILED", "Selection"]

#: What is not converted, not even in part, and waits for no run.
FAILED: tuple[State, ...] = ("quarantined", "failed", "interrupted")


@dataclass(frozen=True)
class Selection:
    """All given conditions must hold; `prefix` is that of the source's address or of the name."""

    states: Collection[State] = ()
    reasons: Collection[str] = ()
    batches: Collection[str] = ()
    prefix: str = ""
    since: datetime | None = None

    def tables(self, ledger: Ledger) -> Iterator[pa.Table]:
        """The rows that are meant, in order of ids, as tables of some 50,000 or fewer."""
        for table in ledger.documents.scan():
            chosen = self._chosen(table)
            if chosen.num_rows:
                yield chosen

    def rows(self, ledger: Ledger) -> Iterator[DocumentRow]:
        """The documents that are meant, in order of ids."""
        for table in self.tables(ledger):
            yield from from_table(table, DocumentRow)

    def _chosen(self, table: pa.Table) -> pa.Table:
        for column, values in (("state", self.states), ("batch", self.batches)):
            if values:
                table = table.filter(pc.is_in(table[column], pa.array(list(values), pa.string())))
        if self.reasons:
            # a partial document has several; one whose result stands may have been tried again since
            either = "|".join(rf"(^|,){reason}(,|$)" for reason in self.reasons)
            found = [pc.match_substring_regex(_text(table, name), either) for name in ("reason", "tried")]
            table = table.filter(pc.or_(*found))
        if self.prefix:
            found = [pc.starts_with(table[column], self.prefix) for column in ("source", "name")]
            table = table.filter(pc.or_(*found))
        if self.since:
            table = table.filter(
                pc.greater_equal(table["at"], pa.scalar(self.since, pa.timestamp("us", "UTC")))
            )
        return table


def _text(table: pa.Table, column: str) -> pa.ChunkedArray:
    """A column that earlier versions did not write."""
    return pc.fill_null(table[column], "")
