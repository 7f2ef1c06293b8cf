"""Keyed rows appended to by many and merged behind their backs, on a disk and on an S3 server."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from docmill.pipeline.corpus.ledger import keyed_table as table_module
from docmill.pipeline.corpus.ledger.keyed_table import LedgerTable
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.s3 import MotoServer

SCHEMA = pa.schema([("id", pa.string()), ("state", pa.string()), ("at", pa.timestamp("us", "UTC"))])
START = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
def s3_server() -> Iterator[MotoServer]:
    with MotoServer() as server:
        yield server


@pytest.fixture(params=["local", "s3"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> LedgerTable:
    if request.param == "local":
        store = DocumentStore(str(tmp_path / "store"))
    else:
        store = request.getfixturevalue("s3_server").store(tmp_path.name)
    return LedgerTable(store, "ledger/things", SCHEMA, "id")


def row(key: str, state: str, minute: int = 0) -> dict[str, Any]:
    return {"id": key, "state": state, "at": START + timedelta(minutes=minute)}


def states(table: pa.Table) -> dict[str, str]:
    return dict(zip(table["id"].to_pylist(), table["state"].to_pylist(), strict=True))


def everything(table: LedgerTable) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in table.scan():
        assert not found.keys() & set(part["id"].to_pylist())
        found |= states(part)
    assert list(found) == sorted(found)
    return found


def test_the_latest_row_of_a_key_counts_whatever_the_order(table: LedgerTable) -> None:
    table.append([row("b", "new", 5), row("a", "first")])
    table.append([row("b", "old", 1), row("a", "second"), row("a", "third")])
    assert everything(table) == {"a": "third", "b": "new"}
    assert table.compact()
    table.append([row("a", "fourth", 9)])
    assert everything(table) == {"a": "fourth", "b": "new"}
    assert states(table.find(["a", "nope"])) == {"a": "fourth"}
    assert table.find([]).num_rows == 0


def test_an_empty_table(table: LedgerTable) -> None:
    assert everything(table) == {}
    assert table.find(["a"]).num_rows == table.find_prefix("a").num_rows == 0
    assert not table.compact()
    table.append([])
    assert table.store.list("") == []


def test_merging_keeps_all_rows_and_few_files(table: LedgerTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "_FILE_ROWS", 7)
    chance = random.Random(1)
    expected: dict[str, str] = {}
    for number in range(60):
        rows = [
            row(f"{chance.randrange(90):03d}", f"{number}", number) for _ in range(chance.randrange(1, 9))
        ]
        table.append(rows)
        expected |= {each["id"]: each["state"] for each in rows}
        if number % 7 == 0:
            assert table.compact()
    assert everything(table) == dict(sorted(expected.items()))
    assert states(table.find(expected)) == dict(sorted(expected.items()))
    assert states(table.find_prefix("04")) == {k: v for k, v in sorted(expected.items()) if k[:2] == "04"}
    assert table.compact(everything=True)
    assert everything(table) == dict(sorted(expected.items()))
    assert len(table.store.list("ledger")) == 1 + -(-len(expected) // 7)
    assert table.orphans() == []


def test_columns_can_be_chosen(table: LedgerTable) -> None:
    table.append([row("a", "x")])
    assert [part.column_names for part in table.scan([])] == [["id", "at"]]
    assert [part.column_names for part in table.scan(["state"])] == [["id", "at", "state"]]


def test_rows_of_an_earlier_version_lack_what_was_added(table: LedgerTable) -> None:
    table.append([row("a", "x")])
    newer = LedgerTable(table.store, table.folder, SCHEMA.append(pa.field("more", pa.int64())), "id")
    newer.append([row("b", "y") | {"more": 3}])
    newer.compact()
    assert newer.find(["a", "b"])["more"].to_pylist() == [None, 3]


def test_many_appends_are_merged_by_themselves(tmp_path: Path) -> None:
    table = LedgerTable(DocumentStore(str(tmp_path)), "t", SCHEMA, "id")
    for number in range(200):
        table.append([row(f"{number:03d}", "x")])
    assert len(table.store.list("t/log")) < 64
    assert len(everything(table)) == 200


def test_writers_mergers_and_readers_at_once_lose_nothing(table: LedgerTable) -> None:
    stop = threading.Event()
    wrong: list[str] = []
    appended: dict[int, int] = {0: 0, 1: 0}

    def write(writer: int) -> None:
        for number in range(25):
            table.append([row(f"{writer}-{number:03d}", "x", number)])
            appended[writer] = number + 1

    def merge() -> None:
        while not stop.is_set():
            table.compact(everything=True)

    def read() -> None:
        while not stop.is_set():
            before = dict(appended)
            seen = everything(table)
            for writer, count in before.items():
                missing = [n for n in range(count) if f"{writer}-{n:03d}" not in seen]
                wrong.extend(f"{writer}-{n}" for n in missing)

    writers = [threading.Thread(target=write, args=(n,)) for n in appended]
    others = [threading.Thread(target=each) for each in (merge, merge, read)]
    for thread in [*writers, *others]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in others:
        thread.join()
    assert wrong == []
    assert len(everything(table)) == 50
    table.compact(everything=True)
    assert len(everything(table)) == 50
    assert table.orphans() == []


def test_what_a_killed_merge_left_is_an_orphan_and_harmless(table: LedgerTable) -> None:
    table.append([row("a", "x")])
    table.store.write("ledger/things/runs/dead/00000.parquet", b"half")
    assert everything(table) == {"a": "x"}
    assert table.orphans() == ["ledger/things/runs/dead/00000.parquet"]
