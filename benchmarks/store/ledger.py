"""The ledger's table: `python -m benchmarks.store.ledger`, and Delta Lake's beside it: `--against deltalake`.

On a folder, on an S3 server (SeaweedFS) whose requests are counted and answered 5 ms late (`--on s3`), or
on one that ignores conditions (`--on s3-unconditional`: there only writers at once). Delta Lake is measured
in two ways: `appended`, as our own table works: readers keep the latest row of a key; and `merged`, where
each key has one row. Each case is a process of its own; its CPU is that of its work, without its start. The
tables are measured in turn, and medians of all rounds are told.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.metrics.environment import Environment, environment
from benchmarks.store.delaying_proxy import DelayingProxy, longest_chain
from benchmarks.store.ledgers.rows import BATCH, batch_key
from benchmarks.store.ledgers.tables import DELTA, OURS, TableKind, opened
from benchmarks.store.ledgers.work import Case, Work
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.s3 import WeedServer

__all__ = ["Figures", "Report", "main"]

Place = Literal["folder", "s3", "s3-unconditional"]

#: Counts of the writers: sums of all rounds, where others are medians.
_SUMMED = ("written", "retries", "stopped", "lost", "half")
_WRITERS = 4
_IMPORTED = """
import importlib, psutil, time
importlib.import_module("docmill.pipeline.corpus.ledger.ledger")
before, cpu = psutil.Process().memory_info().rss, time.process_time()
importlib.import_module("benchmarks.store.ledgers.delta_table")
print(1000 * (time.process_time() - cpu), (psutil.Process().memory_info().rss - before) / 1e6)
"""


class Stored(msgspec.Struct, frozen=True):
    """What lies in the store after a case."""

    name: str
    objects: int
    megabytes: float


class Writers(msgspec.Struct, frozen=True):
    """Several writers at once, or one that was killed over and over.

    Of the batches that were told to be written, `lost` are not there; `half` are there in part. `stopped` are
    writers that gave up with an error.
    """

    name: str
    seconds: float
    cpu_s: float
    written: int
    retries: int
    stopped: int
    lost: int
    half: int


class Figures(msgspec.Struct, frozen=True):
    """A round of one table; `import_cpu_ms` and `import_mb` are what its import adds to the ledger's own."""

    table: str
    import_cpu_ms: float
    import_mb: float
    cases: list[Case]
    stored: list[Stored]
    writers: list[Writers]


class Report(msgspec.Struct, frozen=True):
    """All rounds, and the machine."""

    environment: Environment
    place: Place
    rows: int
    rounds: list[Figures]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store.ledger", description=__doc__)
    parser.add_argument("--against", choices=["deltalake"], help="measure this beside our own table")
    parser.add_argument("--on", choices=["folder", "s3", "s3-unconditional"], default="folder")
    parser.add_argument("--rows", type=int, default=100_000, help="documents (default 100,000)")
    parser.add_argument("--settles", type=int, default=200, help="batches into an empty table (default 200)")
    parser.add_argument("--each", type=int, default=25, help="batches of each writer at once (default 25)")
    parser.add_argument("--kills", type=int, default=10, help="times that a writer is killed (default 10)")
    parser.add_argument("--rounds", type=int, default=3, help="(default 3)")
    parser.add_argument("--delay-ms", type=float, default=5.0, help="added to each request (default 5)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    tables = OURS
    if options.against:
        if not importlib.util.find_spec("deltalake"):
            parser.error("deltalake is not installed, and docmill does not need it: uv pip install deltalake")
        tables = OURS | DELTA
    counts = (options.rows, options.settles, options.each, options.kills)
    measurement = _Measurement(options.on, *counts, options.delay_ms)
    report = Report(environment(), options.on, options.rows, [])
    for name, kind in [*tables.items()] * options.rounds:
        report.rounds.append(measurement.round(name, kind))
        if options.json:
            options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    print_report(report, Console())
    return 0


def print_report(report: Report, console: Console) -> None:
    """For each table the medians of its rounds; of what went wrong, all."""
    for name in dict.fromkeys(figures.table for figures in report.rounds):
        rounds = [figures for figures in report.rounds if figures.table == name]
        cpu_ms = _told([figures.import_cpu_ms for figures in rounds])
        megabytes = _told([figures.import_mb for figures in rounds])
        console.print(f"\n{name} on {report.place}, {report.rows:,} rows, rounds: {len(rounds)}")
        console.print(f"its import adds {cpu_ms} ms of CPU and {megabytes} MB")
        if rounds[0].cases:
            console.print(_table("", [figures.cases for figures in rounds]))
            console.print(_table("stored after", [figures.stored for figures in rounds]))
        console.print(_table("writers", [figures.writers for figures in rounds]))


def _table(title: str, rounds: Sequence[Sequence[Case | Stored | Writers]]) -> Table:
    """A row for what has the same place in all rounds, and a column for each of its fields."""
    names = rounds[0][0].__struct_fields__[1:]
    table = Table(title, *(name.replace("_", " ") for name in names))
    for same in zip(*rounds, strict=True):
        table.add_row(same[0].name, *(_told([getattr(each, name) for each in same], name) for name in names))
    return table


def _told(values: Sequence[float | None], name: str = "") -> str:
    known = [value for value in values if value is not None]
    if name in _SUMMED:
        return str(sum(known))
    return f"{statistics.median(known):.1f}".removesuffix(".0") if known else ""


class _Measurement:
    """What is measured of each table, each time on a store of its own."""

    def __init__(self, place: Place, rows: int, settles: int, each: int, kills: int, delay_ms: float) -> None:
        self._place, self._rows, self._settles = place, rows, settles
        self._each, self._kills = each, kills
        self._delay_s = delay_ms / 1000

    def round(self, name: str, kind: TableKind) -> Figures:
        """Measure a table once."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="docmill-ledger-")))
            root, options, proxy = str(folder / "store"), dict[str, Any](), None
            if self._place != "folder":
                exact = self._place == "s3"
                server = stack.enter_context(WeedServer(folder / "weed", signed=exact))
                port = int(server.endpoint.rpartition(":")[2])
                proxy = stack.enter_context(DelayingProxy(port, self._delay_s, folder, conditions=exact))
                options = server.options | {"endpoint_url": f"http://127.0.0.1:{proxy.port}"}
                root = f"s3://bucket/{folder.name}"
            table = _Measured(kind, root, options, self._rows, proxy)
            writers = [table.at_once(self._each)]
            if self._place != "s3-unconditional":
                writers.append(table.killed(self._kills))
                self._cases(table)
            return Figures(name, *table.imported(), table.cases, table.stored, writers)

    def _cases(self, table: _Measured) -> None:
        table.case("settle, new table", "small", self._settles)
        table.see(f"{self._settles} settles", "small")
        table.case("fill", "large", 1)
        table.case("compact all", "large", 1)
        table.see("fill, compact all", "large")
        table.case("settle", "large", 20)
        for name, times in (("find 1", 10), ("find 64", 10), ("find prefix", 10), ("failed", 3), ("scan", 3)):
            table.case(name, "large", times)
        table.see("20 settles more", "large")
        table.case("compact all", "large", 1)
        table.see("compact all", "large")
        table.case("fill", "sources", 1)
        table.case("find 64 sources", "sources", 10)


class _Measured:
    """One table on one store."""

    def __init__(
        self,
        kind: TableKind,
        root: str,
        options: dict[str, Any],
        rows: int,
        proxy: DelayingProxy | None,
    ) -> None:
        self._kind, self._root, self._options, self._rows, self._proxy = kind, root, options, rows, proxy
        self.cases: list[Case] = []
        self.stored: list[Stored] = []

    def imported(self) -> tuple[float, float]:
        """CPU milliseconds and MB that the import of another table adds to the ledger's own."""
        if self._kind not in DELTA.values():
            return 0.0, 0.0
        done = subprocess.run([sys.executable, "-c", _IMPORTED], capture_output=True, check=True)
        cpu_ms, megabytes = done.stdout.split()
        return float(cpu_ms), float(megabytes)

    def case(self, case: str, place: str, times: int) -> None:
        """Do it in a process."""
        before = self._noted()
        done = subprocess.run(self._command(case, place, times), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{case}: {done.stderr[-2000:]}")
        measured = msgspec.json.decode(done.stdout, type=Case)
        if self._proxy:
            sent = self._proxy.requests()[before:]
            measured = msgspec.structs.replace(
                measured, requests=len(sent) / times, chain=longest_chain(sent) / times
            )
        self.cases.append(measured)

    def see(self, after: str, place: str) -> None:
        """Note what lies there."""
        objects = list(DocumentStore(f"{self._root}/{place}", self._options).details(""))
        self.stored.append(Stored(after, len(objects), sum(each.size for each in objects) / 1e6))

    def at_once(self, each: int) -> Writers:
        """Processes that settle batches at once."""
        started = time.perf_counter()
        children = [self._started("write", "together", each, writer) for writer in range(_WRITERS)]
        heard = [child.communicate() for child in children]
        seconds = time.perf_counter() - started
        for child, (_, complaint) in zip(children, heard, strict=True):
            if child.returncode:
                print(
                    f"a writer ended with {child.returncode}: {complaint.decode()[-2000:]}", file=sys.stderr
                )
        said = [lines.splitlines() for lines, _ in heard]
        ends = [json.loads(lines.pop()) for lines in said if lines and lines[-1].startswith(b"{")]
        batches = [int(line) for lines in said for line in lines]
        return Writers(
            f"{_WRITERS} at once",
            seconds,
            sum(end["cpu"] for end in ends),
            len(batches),
            sum(end["retries"] for end in ends),
            sum(child.returncode != 0 for child in children),
            *self._missing("together", batches),
        )

    def killed(self, kills: int) -> Writers:
        """A process that settles batches and is killed at any moment, over and over."""
        chance = random.Random(1)
        started = time.perf_counter()
        batches: list[int] = []
        for number in range(kills):
            child = self._started("write", "killed", 1000, number)
            assert child.stdout is not None
            first = child.stdout.readline()
            time.sleep(chance.uniform(0, 0.5))
            child.kill()
            said = first + child.communicate()[0]
            batches += [int(line) for line in said.split(b"\n")[:-1]]  # the last line may be cut off
        seconds = time.perf_counter() - started
        return Writers(
            f"killed {kills} times", seconds, 0, len(batches), 0, 0, *self._missing("killed", batches)
        )

    def _missing(self, place: str, batches: Sequence[int]) -> tuple[int, int]:
        """Batches that are not there, and those that are there in part."""
        table = opened(self._kind, DocumentStore(f"{self._root}/{place}", self._options))
        there: Counter[str] = Counter()
        for part in table.scan(["batch"]):
            there.update(part["batch"].to_pylist())
        lost = sum(there[batch_key(number * BATCH)] < BATCH for number in batches)
        return lost, sum(count != BATCH for count in there.values())

    def _started(self, case: str, place: str, times: int, writer: int) -> subprocess.Popen[bytes]:
        command = self._command(case, place, times, writer)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def _command(self, case: str, place: str, times: int, writer: int = 0) -> list[str]:
        work = Work(self._kind, f"{self._root}/{place}", self._options, case, times, self._rows, writer)
        return [sys.executable, "-m", "benchmarks.store.ledgers.work", msgspec.json.encode(work).decode()]

    def _noted(self) -> int:
        return len(self._proxy.requests()) if self._proxy else 0


if __name__ == "__main__":
    raise SystemExit(main())
