"""What is done with a table in a process of its own: `python -m benchmarks.store.ledgers.work WORK`."""

from __future__ import annotations

import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pyarrow as pa

from benchmarks.store.ledgers.rows import BATCH, address, document_rows, entry, source_rows
from benchmarks.store.ledgers.tables import KeyedTable, TableKind, opened
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["Case", "Work", "do"]

_CHUNK = 50_000


class Case(msgspec.Struct, frozen=True):
    """What was done several times in one process: CPU and wall milliseconds of each, peak memory in MB.

    `requests` and `chain` (one after another) are those of the store for each; None on a folder.
    """

    name: str
    times: int
    first_cpu_ms: float
    cpu_ms: float
    wall_ms: float
    peak_mb: float
    found: int
    requests: float | None = None
    chain: float | None = None


class Work(msgspec.Struct, frozen=True):
    """What a process is told."""

    table: TableKind
    url: str
    options: dict[str, Any]
    case: str
    times: int
    rows: int
    writer: int = 0


# --- the child ---


def do(work: Work) -> None:
    """Do it, and print what it took: a `Case`, or what a writer wrote."""
    table = opened(work.table, DocumentStore(work.url, work.options), work.case)
    if work.case == "write":
        _write(table, work)
        return
    act = _act(table, work)
    cpus, walls, found = [], [], 0
    for number in range(work.times):
        prepared = act(number)
        cpu, wall = time.process_time(), time.perf_counter()
        found = prepared()
        cpus.append(1000 * (time.process_time() - cpu))
        walls.append(1000 * (time.perf_counter() - wall))
    case = Case(
        name=work.case,
        times=work.times,
        first_cpu_ms=cpus[0],
        cpu_ms=statistics.median(cpus),
        wall_ms=statistics.median(walls),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        found=found,
    )
    print(msgspec.json.encode(case).decode())


def _write(table: KeyedTable, work: Work) -> None:
    """Settle batches of documents that no other writer has, and say each that is done."""
    cpu = time.process_time()
    for number in range(1000 * work.writer, 1000 * work.writer + work.times):
        rows = document_rows(range(number * BATCH, (number + 1) * BATCH))
        table.find([row["entry"] for row in rows])
        table.append(rows)
        print(number, flush=True)
    print(json.dumps({"cpu": time.process_time() - cpu, "retries": getattr(table, "retries", 0)}))


def _act(table: KeyedTable, work: Work) -> Callable[[int], Callable[[], int]]:
    """What prepares the work of each time, and gives it."""
    chance = random.Random(work.case)

    def entries(count: int) -> list[str]:
        return [entry(number) for number in chance.sample(range(work.rows), count)]

    def settle(rows: list[dict[str, Any]]) -> int:
        found = len(table.find([row["entry"] for row in rows]))
        table.append(rows)
        return found

    def fill() -> int:
        make = source_rows if work.url.endswith("sources") else document_rows
        for first in range(0, work.rows, _CHUNK):
            table.append(make(range(first, min(first + _CHUNK, work.rows))))
        return work.rows

    def settle_new(number: int) -> Callable[[], int]:
        rows = document_rows(range(number * BATCH, (number + 1) * BATCH))
        return lambda: settle(rows)

    def settle_some(number: int) -> Callable[[], int]:
        rows = document_rows(chance.sample(range(work.rows), BATCH), number + 1)
        return lambda: settle(rows)

    def find(keys: list[str]) -> Callable[[], int]:
        return lambda: table.find(keys).num_rows

    def find_prefix(prefix: str) -> Callable[[], int]:
        return lambda: table.find_prefix(prefix).num_rows

    def counted(tables: Callable[[], Iterator[pa.Table]]) -> int:
        return sum(part.num_rows for part in tables())

    cases: dict[str, Callable[[int], Callable[[], int]]] = {
        "settle, new table": settle_new,
        "settle": settle_some,
        "fill": lambda _: fill,
        "find 1": lambda _: find(entries(1)),
        "find 64": lambda _: find(entries(BATCH)),
        "find 64 sources": lambda _: find([address(n) for n in chance.sample(range(work.rows), BATCH)]),
        "find prefix": lambda _: find_prefix(entries(1)[0][:12]),
        "failed": lambda _: lambda: counted(table.failed),
        "scan": lambda _: lambda: counted(table.scan),
        "compact all": lambda _: lambda: int(table.compact(everything=True)),
    }
    return cases[work.case]


if __name__ == "__main__":
    do(msgspec.json.decode(sys.argv[1], type=Work))
