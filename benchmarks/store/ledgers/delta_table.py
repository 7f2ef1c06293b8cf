"""The ledger's table on Delta Lake, to be measured beside our own by `benchmarks.store.ledger`.

Needs `deltalake`, which docmill itself does not: `uv pip install deltalake`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, QueryBuilder, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from docmill.pipeline.corpus.ledger.keyed_table import latest
from docmill.pipeline.corpus.ledger.select import FAILED
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["AppendedDelta", "MergedDelta"]

#: Of rows of a key that say the same time the one appended last counts; Delta keeps no order of rows.
_ORDER = pa.field("_order", pa.int64())
_HIGHEST = "\U0010ffff"
_ATTEMPTS = 50
_WRITER = WriterProperties(compression="ZSTD")
_FILE_BYTES = 8 << 20
#: Commits after which small files are merged, as many as our own table leaves to readers.
_MERGE_EVERY = 64
_OF_S3 = {
    "endpoint_url": "AWS_ENDPOINT_URL",
    "key": "AWS_ACCESS_KEY_ID",
    "secret": "AWS_SECRET_ACCESS_KEY",
}


@dataclass
class AppendedDelta:
    """Rows are appended; readers keep the latest of a key. The table is held open and updated.

    `hours` is how long files that were merged away stay for readers. `retries` counts commits that were made
    again by us, because somebody else was quicker; delta-rs makes most again by itself.
    """

    store: DocumentStore
    folder: str
    schema: pa.Schema
    key: str
    hours: int = 1
    retries: int = 0
    _held: DeltaTable | None = field(default=None, repr=False)

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows, later ones of a key in place of earlier ones."""
        new = latest(pa.Table.from_pylist(list(rows), self.schema), self.key)
        new = new.append_column(_ORDER, pa.array([time.time_ns()] * new.num_rows, _ORDER.type))
        for attempt in range(_ATTEMPTS):
            table = self._opened() or self._created()
            try:
                self._commit(table, new)
                break
            except CommitFailedError:
                self.retries += 1
                if attempt == _ATTEMPTS - 1:
                    raise
        if table.version() % _MERGE_EVERY == 0:
            table.optimize.compact(target_size=_FILE_BYTES, writer_properties=_WRITER)
            table.vacuum(self.hours, dry_run=False, enforce_retention_duration=False)

    def find(self, keys: Iterable[str]) -> pa.Table:
        """The latest rows of these keys, sorted by key."""
        wanted = sorted(set(keys))
        # the span is what files are left out by
        span = f"{self.key} >= {_quoted(wanted[0])} AND {self.key} <= {_quoted(wanted[-1])}"
        return self._chosen(f"{span} AND {self.key} IN ({','.join(map(_quoted, wanted))})")

    def find_prefix(self, prefix: str) -> pa.Table:
        """The latest rows of all keys that begin with `prefix`, sorted by key."""
        return self._chosen(f"{self.key} >= {_quoted(prefix)} AND {self.key} < {_quoted(prefix + _HIGHEST)}")

    def scan(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """All latest rows in order of their keys: key, `at` and `columns`, or all."""
        names = self.schema.names if columns is None else dict.fromkeys([self.key, "at", *columns])
        table = self._opened()
        if table is not None:
            rows = table.to_pyarrow_table(columns=[*names, _ORDER.name])
            yield self._latest(rows, pa.schema([self.schema.field(name) for name in names]))

    def failed(self) -> Iterator[pa.Table]:
        """The rows of documents that failed. An older row must not count, so all are read."""
        states = pa.array(FAILED)
        for rows in self.scan():
            yield rows.filter(pc.is_in(rows["state"], states))

    def compact(self, *, everything: bool = False) -> bool:
        """Write the latest rows anew, sorted by key, and take away what no reader needs."""
        table = self._opened()
        assert table is not None
        whole = self.schema.append(_ORDER)
        # all at once: a query that is read while a write takes from it panics
        rows = self._latest(table.to_pyarrow_table(), whole)
        options = {"target_file_size": _FILE_BYTES, "writer_properties": _WRITER}
        write_deltalake(table, rows, mode="overwrite", **options)
        table.vacuum(self.hours, dry_run=False, enforce_retention_duration=False)
        table.create_checkpoint()
        table.cleanup_metadata()
        return True

    def _commit(self, table: DeltaTable, rows: pa.Table) -> None:
        retries = CommitProperties(max_commit_retries=_ATTEMPTS)
        write_deltalake(table, rows, mode="append", writer_properties=_WRITER, commit_properties=retries)

    def _opened(self) -> DeltaTable | None:
        if self._held is None:
            try:
                self._held = DeltaTable(self._place, storage_options=self._options)
            except TableNotFoundError:
                return None
        else:
            self._held.update_incremental()
        return self._held

    def _created(self) -> DeltaTable:
        kept = f"interval {self.hours} hours"
        try:
            return DeltaTable.create(
                self._place,
                self.schema.append(_ORDER),
                configuration={
                    "delta.logRetentionDuration": kept,
                    "delta.deletedFileRetentionDuration": kept,
                },
                storage_options=self._options,
            )
        except DeltaError:  # somebody else did
            table = self._opened()
            if table is None:
                raise
            return table

    @property
    def _place(self) -> str:
        return self.store.full_path(self.folder)

    @property
    def _options(self) -> dict[str, str]:
        """fsspec's options of an S3 store as delta-rs takes them."""
        return {_OF_S3[name]: str(value) for name, value in self.store.options.items()} | {
            "AWS_ALLOW_HTTP": "true"
        }

    def _chosen(self, condition: str) -> pa.Table:
        table = self._opened()
        if table is None:
            return self.schema.empty_table()
        found = QueryBuilder().register("rows", table).execute(f"SELECT * FROM rows WHERE {condition}")
        return self._latest(pa.table(found.read_all()), self.schema)

    def _latest(self, rows: pa.Table, schema: pa.Schema) -> pa.Table:
        """The latest row of each key; delta-rs gives other types of strings than it was given."""
        fields = [*schema, *([] if _ORDER in schema else [_ORDER])]
        rows = pa.table([rows[each.name].cast(each.type) for each in fields], schema=pa.schema(fields))
        return latest(rows.sort_by(_ORDER.name), self.key).select(schema.names)


class MergedDelta(AppendedDelta):
    """Rows are merged into the table as they come, so each key has one row."""

    def failed(self) -> Iterator[pa.Table]:
        """The rows of documents that failed; the query leaves out what it can."""
        yield self._chosen(f"state IN ({','.join(map(_quoted, FAILED))})")

    def _commit(self, table: DeltaTable, rows: pa.Table) -> None:
        merger = table.merge(
            rows,
            f"t.{self.key} = s.{self.key}",
            source_alias="s",
            target_alias="t",
            writer_properties=_WRITER,
            commit_properties=CommitProperties(max_commit_retries=_ATTEMPTS),
        )
        merger.when_matched_update_all("s.at >= t.at").when_not_matched_insert_all().execute()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
