"""A table of keyed rows on a document store: appended to by many, the latest row of a key counts.

    ledger/documents/log/20261125T020311-5f0c.parquet    rows as they were appended, a file per append
    ledger/documents/runs/20261125T0211-91ab/00003.parquet   merged rows, sorted by key, 50,000 a file
    ledger/documents/runs.json       which runs count, and the keys that each of their files spans

Appending writes one new object, so writers never meet. `compact` merges logs and small runs into a larger run
and swaps `runs.json` by a conditional write; who comes second throws his work away. Each row says when it
was written, and merging keeps the latest of a key, so a row that is merged twice does no harm, and a reader
may see a log and the run that holds it. Readers list the log before they read `runs.json`, and look again
when a file that was named has been merged away.
"""

from __future__ import annotations

import io
import uuid
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["Formerly", "LedgerTable", "latest"]

T = TypeVar("T")

#: Appends that are left to readers before somebody merges them.
_MAX_LOGS = 64
#: Rows of one sorted file: some 5 MB, what a look for one key reads at most of each run.
_FILE_ROWS = 50_000
#: A reader that is overtaken by a merge looks again.
_ATTEMPTS = 8
_READERS = 16
#: No key is after it.
_HIGHEST = "\U0010ffff"


class _File(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sorted file of a run, and the keys that it spans; `key` is their column where it has changed."""

    path: str
    rows: int
    first: str
    last: str
    key: str = ""


class _Run(msgspec.Struct, frozen=True):
    """Sorted files that do not overlap, in order."""

    files: list[_File]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    def spanning(self, first: str, last: str) -> Iterator[_File]:
        """The files that may hold keys from `first` to `last`, both included."""
        for file in self.files[bisect_left(self.files, first, key=lambda file: file.last) :]:
            if file.first > last:
                return
            yield file


class _Runs(msgspec.Struct, frozen=True):
    """The content of `runs.json`; `merged` are logs that a run holds already."""

    runs: list[_Run] = []
    merged: list[str] = []


@dataclass
class _Snapshot:
    """What a reader has before it; logs are read once."""

    runs: list[_Run]
    logs: list[str]
    loaded: pa.Table | None = None


@dataclass(frozen=True)
class Formerly:
    """A table that was keyed by another column before: keys of now begin with those of then.

    `keys` are those of now for rows of then, which have the columns `needs`.
    """

    needs: Sequence[str]
    keys: Callable[[pa.Table], pa.Array]


@dataclass(frozen=True)
class LedgerTable:
    """Rows of `schema` below `folder` of a store; `key` names the column of the key, `at` says when.

    What was written when it had another key is read as if it had been written with this one.
    """

    store: DocumentStore
    folder: str
    schema: pa.Schema
    key: str
    formerly: Formerly | None = None

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows, later ones of a key in place of earlier ones. Merges when many appends have gathered."""
        if not rows:
            return
        table = latest(pa.Table.from_pylist(list(rows), self.schema), self.key)
        self.store.write(f"{self._log}/{_stamp()}.parquet", _encode(table))
        if len(self.store.list(self._log)) >= _MAX_LOGS:
            self.compact()

    def find(self, keys: Iterable[str]) -> pa.Table:
        """The latest rows of these keys, sorted by key; those that have none are left out."""
        wanted = sorted(set(keys))
        if not wanted:
            return self.schema.empty_table()
        column = pa.array(wanted, pa.string())

        def look(snapshot: _Snapshot) -> pa.Table:
            files = list(_holding(snapshot.runs, wanted))
            return self._merged(snapshot, files, lambda keys: pc.is_in(keys, column))

        return self._consistent(look)

    def find_prefix(self, prefix: str) -> pa.Table:
        """The latest rows of all keys that begin with `prefix`, sorted by key."""

        def look(snapshot: _Snapshot) -> pa.Table:
            files = [file for run in snapshot.runs for file in run.spanning(prefix, prefix + _HIGHEST)]
            return self._merged(snapshot, files, lambda keys: pc.starts_with(keys, prefix))

        return self._consistent(look)

    def scan(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """All latest rows in order of their keys, some 50,000 at a time: key, `at` and `columns`, or all.

        What is appended meanwhile may be seen or not.
        """
        after: str | None = None
        snapshot = self._snapshot()
        attempts = 0
        while True:
            try:
                table, last = self._next(snapshot, after, columns)
            except FileNotFoundError:
                attempts += 1
                if attempts == _ATTEMPTS:
                    raise
                snapshot = self._snapshot()
                continue
            after, attempts = last, 0
            if table.num_rows:
                yield table
            if after is None:
                return

    def compact(self, *, everything: bool = False) -> bool:
        """Merge the logs and every run that is no larger than what is merged with it; all with `everything`.

        So a row is merged anew a number of times that grows with the logarithm of the table. False when
        somebody else did it meanwhile, or there was nothing to do.
        """
        listed = self.store.list(self._log)
        version = self.store.version(self._pointer)
        current = self._read_pointer()
        snapshot = _Snapshot(current.runs, [path for path in listed if path not in set(current.merged)])
        folder = f"{self.folder}/runs/{_stamp()}"
        try:
            taken, kept = self._choose(snapshot, everything=everything)
            if not snapshot.logs and len(taken) < 2:
                return False
            run = self._write_run(folder, _Snapshot(taken, snapshot.logs, snapshot.loaded))
            pointer = _Runs([*kept, run], listed)
            done = self.store.write_if(self._pointer, msgspec.json.encode(pointer), version)
        except FileNotFoundError:  # somebody else merged them away
            done = False
        if not done:
            self.store.delete(self.store.list(folder))
            return False
        self.store.delete([*listed, *(file.path for merged in taken for file in merged.files)])
        return True

    def orphans(self) -> list[str]:
        """Files of runs that nothing names: those of merges that were killed, or are still under way."""
        found = self.store.list(f"{self.folder}/runs")
        named = {file.path for run in self._read_pointer().runs for file in run.files}
        return [path for path in found if path not in named]

    def clear(self) -> None:
        """Forget every row."""
        self.store.delete(self.store.list(self.folder))

    @property
    def _log(self) -> str:
        return f"{self.folder}/log"

    @property
    def _pointer(self) -> str:
        return f"{self.folder}/runs.json"

    def _read_pointer(self) -> _Runs:
        try:
            found = msgspec.json.decode(self.store.read(self._pointer), type=_Runs)
        except FileNotFoundError:
            return _Runs()
        if self.formerly is None:
            return found
        return _Runs([_Run([self._spanned(file) for file in run.files]) for run in found.runs], found.merged)

    def _spanned(self, file: _File) -> _File:
        """The file with the span of its keys of now, which are those of then with something after them."""
        if file.key == self.key:
            return file
        return msgspec.structs.replace(file, last=file.last + _HIGHEST, key=self.key)

    def _snapshot(self) -> _Snapshot:
        listed = self.store.list(self._log)  # before the pointer: what is gone from here is named there
        current = self._read_pointer()
        merged = set(current.merged)
        return _Snapshot(current.runs, [path for path in listed if path not in merged])

    def _consistent(self, look: Callable[[_Snapshot], T]) -> T:
        """What `look` finds; a merge that takes files away under it makes it look again."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return look(self._snapshot())
            except FileNotFoundError:
                continue
        return look(self._snapshot())

    def _choose(self, snapshot: _Snapshot, *, everything: bool) -> tuple[list[_Run], list[_Run]]:
        """Which runs to merge with the logs, and which to leave."""
        taken: list[_Run] = []
        kept = sorted(snapshot.runs, key=lambda run: run.rows)
        size = self._logged(snapshot).num_rows
        while kept and (everything or kept[0].rows <= 2 * size):
            size += kept[0].rows
            taken.append(kept.pop(0))
        return taken, kept

    def _write_run(self, folder: str, snapshot: _Snapshot) -> _Run:
        files: list[_File] = []
        after: str | None = None
        waiting = self.schema.empty_table()
        while True:
            table, after = self._next(snapshot, after, None)
            waiting = pa.concat_tables([waiting, table])
            while waiting.num_rows >= _FILE_ROWS or (after is None and waiting.num_rows):
                piece, waiting = waiting.slice(0, _FILE_ROWS), waiting.slice(_FILE_ROWS)
                path = f"{folder}/{len(files):05d}.parquet"
                self.store.write(path, _encode(piece))
                keys = piece[self.key]
                key = self.key if self.formerly else ""
                files.append(_File(path, piece.num_rows, keys[0].as_py(), keys[-1].as_py(), key))
            if after is None:
                return _Run(files)

    def _next(
        self, snapshot: _Snapshot, after: str | None, columns: Sequence[str] | None
    ) -> tuple[pa.Table, str | None]:
        """The rows after a key up to where a file of the largest run ends, and that key; None at the end."""
        largest = max(snapshot.runs, key=lambda run: run.rows, default=_Run([]))
        ends = [file.last for file in largest.files if after is None or file.last > after]
        last = ends[0] if len(ends) > 1 else None

        def within(keys: pa.ChunkedArray) -> Any:
            below = pc.less_equal(keys, _HIGHEST if last is None else last)
            return below if after is None else pc.and_(below, pc.greater(keys, after))

        span = (after or "", last or _HIGHEST)
        files = [file for run in snapshot.runs for file in run.spanning(*span)]
        return self._merged(snapshot, files, within, columns), last

    def _merged(
        self,
        snapshot: _Snapshot,
        files: Sequence[_File],
        chosen: Callable[[pa.ChunkedArray], Any],
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """The latest rows whose keys are chosen, of some files and all logs."""
        schema = self._schema_of(columns)

        def read(file: _File) -> pa.Table:
            table = self._read(file.path, schema)
            return table.filter(chosen(table[self.key]))

        with ThreadPoolExecutor(_READERS) as readers:
            tables = list(readers.map(read, files))
        logged = self._logged(snapshot).select(schema.names)
        tables.append(logged.filter(chosen(logged[self.key])))
        return latest(pa.concat_tables(tables), self.key)

    def _logged(self, snapshot: _Snapshot) -> pa.Table:
        """The rows of all logs, the latest of each key."""
        if snapshot.loaded is None:
            with ThreadPoolExecutor(_READERS) as readers:
                tables = list(readers.map(lambda path: self._read(path, self.schema), snapshot.logs))
            snapshot.loaded = latest(pa.concat_tables([self.schema.empty_table(), *tables]), self.key)
        return snapshot.loaded

    def _read(self, path: str, schema: pa.Schema) -> pa.Table:
        """A file's columns as the schema has them; what an earlier version did not write is null."""
        file = pq.ParquetFile(io.BytesIO(self.store.read(path)))
        if self.formerly and self.key not in file.schema_arrow.names:
            table = file.read(columns=list(dict.fromkeys([*schema.names, *self.formerly.needs])))
            table = table.append_column(self.key, self.formerly.keys(table))
        else:
            table = file.read(columns=schema.names)
        missing = pa.nulls(table.num_rows)
        arrays = [
            table[field.name] if field.name in table.column_names else missing.cast(field.type)
            for field in schema
        ]
        return pa.table(arrays, schema=schema)

    def _schema_of(self, columns: Sequence[str] | None) -> pa.Schema:
        if columns is None:
            return self.schema
        return pa.schema([self.schema.field(name) for name in dict.fromkeys([self.key, "at", *columns])])


def latest(table: pa.Table, key: str) -> pa.Table:
    """The latest row of every key, sorted by key; of rows written at the same instant, the last."""
    if table.num_rows < 2:
        return table
    table = table.append_column("_row", pa.array(range(table.num_rows), pa.int64()))
    table = table.sort_by([(key, "ascending"), ("at", "descending"), ("_row", "descending")]).drop(["_row"])
    keys = table[key].combine_chunks()
    first = pc.not_equal(keys[1:], keys[:-1])
    return table.filter(pa.concat_arrays([pa.array([True]), _array(first)]))


def _array(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _holding(runs: Sequence[_Run], wanted: Sequence[str]) -> Iterator[_File]:
    """The files that may hold one of the keys, which are sorted."""
    for run in runs:
        for file in run.spanning(wanted[0], wanted[-1]):
            at = bisect_left(wanted, file.first)
            if at < len(wanted) and wanted[at] <= file.last:
                yield file


def _encode(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_index=True)
    return sink.getvalue()


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:12]}"
