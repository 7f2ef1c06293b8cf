"""How fast an inbox of many files becomes batches: `python -m benchmarks.ingest --files 100000`.

Tiny files of different content in a folder, in a SeaweedFS server that is started for it (`--s3`),
or below a prefix of the S3 server that AWS_ENDPOINT_URL names (`--inbox s3://bucket/prefix`). It looks until
all are batched, then a few times more with nothing new, then once with everything looked up again, and says
what each took. The store is a local folder. CPU and memory are of this process, the server's are not in them.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.metrics.environment import environment
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.intake.inbox import Cursor, InboxLimits, InboxReader, Look
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.listing import Listing
from docmill.resources.clients.files.sources import SourceCache
from tests.support.s3 import WeedServer

_IDLE_LOOKS = 5
_FOLDER_FILES = 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--inbox", default="", help="Where the files are put. Default: a temporary folder")
    parser.add_argument("--s3", action="store_true", help="Put them into a SeaweedFS server of its own")
    parser.add_argument("--json", type=Path, help="Also write the figures here")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="docmill-ingest-"))
    try:
        if options.s3:
            with WeedServer(folder / "weed") as server:
                os.environ.update(server.environment)
                result = measure(folder, "s3://bucket/inbox", options.files)
        else:
            result = measure(folder, options.inbox or str(folder / "inbox"), options.files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, value in result.items():
        print(f"{name:<36} {value}")
    if options.json:
        options.json.write_text(
            msgspec.json.format(msgspec.json.encode(result | {"environment": environment()})).decode()
        )


def measure(folder: Path, place: str, files: int) -> dict[str, Any]:
    """Fill the inbox, look until it is batched, and go on looking; CPU seconds are of this process."""
    started = time.perf_counter()
    _fill(DocumentStore(place), files)
    filled = time.perf_counter() - started
    store = DocumentStore(str(folder / "store"))
    ledger = open_ledger(store)
    limits = InboxLimits(settle=timedelta(0), max_wait=timedelta(0))
    reader = InboxReader(Listing(place), SourceCache(folder / "sources"), store, ledger, limits)
    walls: list[float] = []
    batches = documents = 0
    cpu_s = 0.0
    cursor = Cursor()
    while True:
        look, wall, cpu = _look(reader, cursor)
        cursor = look.cursor
        cpu_s += cpu
        if look.batches:
            walls.append(wall)
            batches += len(look.batches)
            documents += sum(len(manifest.documents) for manifest in look.batches)
        elif look.swept:
            break
        elif cursor.rest_until:
            time.sleep(max(0.0, (cursor.rest_until - datetime.now(UTC)).total_seconds()))
    later = datetime.now(UTC) + timedelta(hours=1)
    idle = []
    for number in range(_IDLE_LOOKS):
        look, wall, cpu = _look(reader, cursor, later + timedelta(minutes=number))
        cursor = look.cursor
        idle.append((wall, cpu))
    anew = msgspec.structs.replace(cursor, full_sweep_started=None, start_after="", sweep_started=None)
    full, full_wall, full_cpu = _look(reader, anew)
    return {
        "files": files,
        "documents in batches": documents,
        "batches": batches,
        "filling the inbox, s": round(filled, 1),
        "looks until all were batched": len(walls),
        "wall s of such a look, median": round(statistics.median(walls), 2),
        "wall s of such a look, longest": round(max(walls), 2),
        "wall s of all of them": round(sum(walls), 1),
        "CPU ms per document": round(1000 * cpu_s / documents, 2),
        "wall s of a look, nothing new": round(statistics.median(wall for wall, _ in idle), 2),
        "CPU s of a look, nothing new": round(statistics.median(cpu for _, cpu in idle), 2),
        "wall s of a full sweep, nothing new": round(full_wall, 2),
        "CPU s of a full sweep, nothing new": round(full_cpu, 2),
        "peak memory, MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "files listed by the full sweep": full.listed,
        "found anew by it": full.identified,
    }


def _look(reader: InboxReader, cursor: Cursor, now: datetime | None = None) -> tuple[Look, float, float]:
    """A look with its cursor as text, as Dagster keeps it; its wall and its CPU seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    look = reader.look(Cursor.parse(cursor.dump()), now)
    return look, time.perf_counter() - wall, time.process_time() - cpu


def _fill(inbox: DocumentStore, files: int) -> None:
    def put(number: int) -> None:
        name = f"{number // _FOLDER_FILES:04d}/{number:07d}.pdf"
        inbox.write(name, b"%PDF-1.7\n" + str(number).encode())

    with ThreadPoolExecutor(32) as writers:
        for _ in writers.map(put, range(files)):
            pass


if __name__ == "__main__":
    main()
