"""An instance as years of work leave it: one real run, and thousands of copies of what it left there."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from benchmarks.scale.deployment import Deployment
from docmill.pipeline.cli.convert_files import configured_conversion, run_batches
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.intake.batches import DocumentRef, write_manifest

__all__ = ["Filled", "batch_keys", "convert_one_batch", "copy_run", "fill"]

_EVENTS = ("run_id", "event", "dagster_event_type", "timestamp", "step_key", "asset_key", "partition")
_RUNS = (
    *("run_id", "snapshot_id", "pipeline_name", "mode", "status", "run_body", "partition", "partition_set"),
    *("create_timestamp", "update_timestamp", "start_time", "end_time", "backfill_id"),
)
_TAGS = ("event_id", "asset_key", "key", "value", "event_timestamp")
_CHECKS = (
    *("asset_key", "check_name", "partition", "run_id", "execution_status", "evaluation_event"),
    *("evaluation_event_timestamp", "evaluation_event_storage_id", "materialization_event_storage_id"),
)


class Filled(msgspec.Struct, frozen=True):
    """An instance with so many partitions; bytes of SQLite's files for one run of `documents`.

    `index_bytes` is what a run adds to the files that all runs share, `log_bytes` is the file of its own.
    """

    partitions: int
    materialized: int
    documents: int
    index_bytes: int
    log_bytes: int


def fill(
    deployment: Deployment, documents: Sequence[DocumentRef], partitions: int, done: float = 0.95
) -> Filled:
    """Convert the documents by one run, and copy what it left until there are so many partitions."""
    run = convert_one_batch(deployment, documents)
    history = deployment.home / "history"
    shared = (history / "runs.db", history / "runs" / "index.db")
    before = sum(path.stat().st_size for path in shared)
    copies = partitions - 1
    copy_run(deployment, run, batch_keys(copies), done)
    grown = sum(path.stat().st_size for path in shared) - before
    copied = round(done * copies)
    return Filled(
        partitions=partitions,
        materialized=copied + 1,
        documents=len(documents),
        index_bytes=round(grown / copied),
        log_bytes=(history / "runs" / f"{run}.db").stat().st_size,
    )


def batch_keys(count: int) -> list[str]:
    """So many keys of batches, as docmill would name them over four weeks."""
    return [f"2026-11-{number % 28 + 1:02d}-64docs-{number:06x}" for number in range(count)]


def convert_one_batch(deployment: Deployment, documents: Sequence[DocumentRef]) -> str:
    """Convert the documents by one run in this process; its id."""
    config = {
        "resources": {"store": {"config": {"url": deployment.store.url}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    manifest = write_manifest(deployment.store, documents)
    with deployment.instance() as instance:
        conversion = configured_conversion(config)
        conversion.prepare()
        run_batches(instance, [manifest], config, conversion, Console(quiet=True))
        return instance.get_runs(limit=1)[0].run_id


def copy_run(deployment: Deployment, run: str, keys: Sequence[str], done: float = 0.95) -> None:
    """Add a partition for each key, and to that share of them all that the run left for its own partition.

    That is the run with its tags, and the events and checks by which Dagster knows assets and partitions. The
    log of each run, which SQLite keeps in a file of its own and only the run's page reads, is not copied.
    """
    history = deployment.home / "history"
    copied = keys[: round(done * len(keys))]
    with _database(history / "runs.db") as runs:
        [(key,)] = runs.execute("select partition from runs where run_id = ?", [run])
        names = {new: str(uuid.uuid4()) for new in copied}
        _copy_rows(runs, "runs", _RUNS, run, key, names)
        _copy_rows(runs, "run_tags", ("run_id", "key", "value"), run, key, names)
    with _database(history / "runs" / "index.db") as index:
        index.executemany(
            "insert into dynamic_partitions (partitions_def_name, partition) values (?, ?)",
            [(BATCHES, new) for new in keys],
        )
        _copy_events(index, run, key, names)


def _copy_events(index: sqlite3.Connection, run: str, key: str, names: dict[str, str]) -> None:
    """Events with the tags and checks that point to them, by number."""
    events = _rows(index, "event_logs", ("id", *_EVENTS), run)
    checks = _rows(index, "asset_check_executions", _CHECKS, run)
    marks = ", ".join("?" * len(events))
    tags = index.execute(
        f"select {_list(_TAGS)} from asset_event_tags where event_id in ({marks})",
        [event[0] for event in events],
    ).fetchall()
    [(last,)] = index.execute("select max(id) from event_logs")
    for place, (new_key, new_run) in enumerate(names.items()):
        first = last + 1 + place * len(events)
        number = {event[0]: first + offset for offset, event in enumerate(events)}

        renamed = partial(_renamed, was=(run, key), now=(new_run, new_key))
        _insert(index, "event_logs", ("id", *_EVENTS), [[number[e[0]], *renamed(e[1:])] for e in events])
        _insert(
            index,
            "asset_event_tags",
            _TAGS,
            [[number[tag[0]], *tag[1:]] for tag in tags],
        )
        _insert(
            index,
            "asset_check_executions",
            _CHECKS,
            [[*renamed(c[:-2]), number.get(c[-2]), number.get(c[-1])] for c in checks],
        )


def _copy_rows(
    database: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    run: str,
    key: str,
    names: dict[str, str],
) -> None:
    rows = _rows(database, table, columns, run)
    for new_key, new_run in names.items():
        _insert(database, table, columns, [_renamed(row, (run, key), (new_run, new_key)) for row in rows])


def _rows(
    database: sqlite3.Connection, table: str, columns: Sequence[str], run: str
) -> list[tuple[Any, ...]]:
    query = f"select {_list(columns)} from {table} where run_id = ? order by id"
    return database.execute(query, [run]).fetchall()


def _insert(
    database: sqlite3.Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    marks = ", ".join("?" * len(columns))
    database.executemany(f"insert into {table} ({_list(columns)}) values ({marks})", rows)


def _list(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _renamed(row: Sequence[Any], was: tuple[str, str], now: tuple[str, str]) -> list[Any]:
    """The row with another run's id and partition, wherever they stand in it."""
    return [
        value.replace(was[0], now[0]).replace(was[1], now[1]) if isinstance(value, str) else value
        for value in row
    ]


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    """A SQLite database in one transaction."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma synchronous = off")
        with connection:
            yield connection
