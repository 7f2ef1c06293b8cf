"""What the store costs a batch: `python -m benchmarks.store.requests`.

A batch of small documents goes through all stages, is published and settled in the ledger, with the store on
an S3 server (SeaweedFS) that answers 5 ms late. It says how many requests the parent process sends and its
workers, how many of the parent's come one after another (the longest chain of requests, each sent when the
one before it was answered), and for how many seconds no worker had anything to do. There is one worker, so
that those are simply what is left of the wall seconds. Workers are warm: one document goes first.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.metrics.environment import Environment, environment
from benchmarks.store.delaying_proxy import DelayingProxy, Request, longest_chain, seconds_under_way
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.publish import publish, write_index
from docmill.pipeline.corpus.quarantine import keep_originals
from docmill.pipeline.intake.batches import DocumentRef, Manifest, write_manifest
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.registry import stages_with
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.spec import TimeLimits
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, content_hash
from docmill.resources.engines.embedded import EmbeddedLayout, EmbeddedTables
from docmill.resources.weights.embedded_weights import default_folder
from tests.killing.corpus import small_pdfs
from tests.support.s3 import WeedServer

__all__ = ["Cost", "Figures", "main", "measure"]

_FORMATS = ("md", "html", "json")
_AFTER = "publish, settle"


class Cost(msgspec.Struct, frozen=True):
    """What a stage of the batch cost.

    `alone_s` are wall seconds in which no worker had a task, `waiting_s` those in which a request of the
    parent was under way; `chain` are requests of the parent one after another.
    """

    wall_s: float
    alone_s: float
    waiting_s: float
    requests: int
    chain: int
    worker_requests: int
    methods: dict[str, int]


class Figures(msgspec.Struct, frozen=True):
    """All that was measured, by stage; `again` is the same batch once more, when all is finished."""

    environment: Environment
    documents: int
    delay_ms: float
    first: dict[str, Cost]
    again: dict[str, Cost]


@dataclass
class _Clock:
    """Progress that remembers how much of a stage's time its workers were busy."""

    busy_s: float = 0.0
    records: list[StageRecord] = field(default_factory=list)

    def begin(self, stage: str, documents: int) -> None:
        """The measurement has its own."""

    def pages(self, count: int) -> None:
        """Nobody looks."""

    def document(self, record: StageRecord) -> None:
        if not record.reused and record.stopped_at in ("", record.stage):
            self.busy_s += record.seconds

    def end(self) -> None:
        """The measurement has its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store.requests", description=__doc__)
    parser.add_argument("--documents", type=int, default=64)
    parser.add_argument("--delay-ms", type=float, default=5.0, help="added to each request (default 5)")
    parser.add_argument("--keep", type=Path, help="folder to which the store's objects are copied at the end")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    figures = measure(options.documents, options.delay_ms, options.keep)
    print_figures(figures, Console())
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    return 0


def measure(documents: int, delay_ms: float, keep: Path | None = None) -> Figures:
    """Send a batch of so many documents through, and once more."""
    with tempfile.TemporaryDirectory(prefix="docmill-requests-") as scratch, _server(scratch) as server:
        folder = Path(scratch)
        refs = _documents(folder / "in", documents + 1)
        port = int(server.endpoint.rpartition(":")[2])
        with DelayingProxy(port, delay_ms / 1000, folder) as proxy:
            server.endpoint = f"http://127.0.0.1:{proxy.port}"
            os.environ.update(server.environment)
            _convert(server.store("warm"), folder, refs[-1:], proxy)
            first = _convert(server.store("store"), folder, refs[:-1], proxy)
            again = _convert(server.store("store"), folder, refs[:-1], proxy)
        server.endpoint = f"http://127.0.0.1:{port}"
        if keep:
            _copy(server.store("store"), keep)
        return Figures(environment(), documents, delay_ms, first, again)


def print_figures(figures: Figures, console: Console) -> None:
    """A table of each time."""
    for title, costs in (("the first time", figures.first), ("all finished before", figures.again)):
        table = Table(title=f"{figures.documents} documents, {figures.delay_ms:g} ms a request, {title}")
        columns = ("wall s", "no worker busy, s", "waiting, s", "requests", "in sequence", "of workers")
        for column in ("", *columns):
            table.add_column(column, justify="right" if column else "left")
        total = _total(list(costs.values()))
        for name, cost in (*costs.items(), ("total", total)):
            table.add_row(
                *(name, f"{cost.wall_s:.2f}", f"{cost.alone_s:.2f}", f"{cost.waiting_s:.2f}"),
                *(str(cost.requests), str(cost.chain), str(cost.worker_requests)),
            )
        console.print(table)
        console.print(", ".join(f"{count} {method}" for method, count in sorted(total.methods.items())))


def _total(costs: Sequence[Cost]) -> Cost:
    methods: Counter[str] = Counter()
    for cost in costs:
        methods.update(cost.methods)
    return Cost(
        sum(cost.wall_s for cost in costs),
        sum(cost.alone_s for cost in costs),
        sum(cost.waiting_s for cost in costs),
        sum(cost.requests for cost in costs),
        sum(cost.chain for cost in costs),
        sum(cost.worker_requests for cost in costs),
        dict(methods),
    )


def _server(scratch: str) -> WeedServer:
    return WeedServer(Path(scratch) / "weed")


def _documents(folder: Path, count: int) -> list[DocumentRef]:
    folder.mkdir()
    refs = []
    for name, data, _ in small_pdfs(count):
        path = folder / name
        path.write_bytes(data)
        refs.append(DocumentRef(content_hash(path), name, str(path), len(data)))
    return refs


def _conversion(store: DocumentStore, folder: Path) -> Conversion:
    """As `docmill convert` has it, but for scans: OCR takes seconds a page and is off."""
    models = default_folder()
    return Conversion(
        artifacts=ArtifactStore(store),
        sources=SourceCache(folder / "sources"),
        reader=ReaderSettings(),
        all_stages=stages_with(
            layout=EmbeddedLayout(models),
            tables=EmbeddedTables(models),
            assembly=AssemblyOptions(hierarchy=True),
            formats=_FORMATS,
        ),
        workers=WorkerLimits(workers=1),
        limits=TimeLimits(),
    )


def _convert(
    store: DocumentStore, folder: Path, refs: Sequence[DocumentRef], proxy: DelayingProxy
) -> dict[str, Cost]:
    """Every stage as an asset runs it, then what the exports' asset does."""
    manifest = write_manifest(store, refs)
    conversion = _conversion(store, folder)
    costs: dict[str, Cost] = {}
    records: list[StageRecord] = []
    for stage in conversion.stages:
        clock = _Clock()
        run = partial(conversion.run, stage, manifest.documents, clock)
        costs[stage], records = _measured(run, clock, proxy)
    costs[_AFTER], _ = _measured(lambda: _settle(conversion, manifest, records), _Clock(), proxy)
    return costs


def _settle(conversion: Conversion, manifest: Manifest, exported: list[StageRecord]) -> list[StageRecord]:
    store, out, documents = conversion.artifacts.store, "s3://bucket/out", manifest.documents
    ledger = open_ledger(store)
    ledger.replaced(manifest)
    publish(store, documents, exported, out)
    records = conversion.final_records(documents)
    originals = keep_originals(store, conversion.sources, documents, records)
    made = Outcome(manifest.key, manifest.origin, "run", conversion.fingerprints, out)
    write_index(ledger.settle(made, documents, records, originals), manifest.key, out)
    return records


def _measured(
    work: Callable[[], list[StageRecord]], clock: _Clock, proxy: DelayingProxy
) -> tuple[Cost, list[StageRecord]]:
    before = len(proxy.requests())
    started = time.monotonic()
    records = work()
    wall = time.monotonic() - started
    sent: list[Request] = proxy.requests()[before:]
    ours = [request for request in sent if request.ours]
    cost = Cost(
        wall_s=wall,
        alone_s=wall - clock.busy_s,
        waiting_s=seconds_under_way(ours),
        requests=len(ours),
        chain=longest_chain(ours),
        worker_requests=len(sent) - len(ours),
        methods=dict(Counter(_kind(request) for request in ours)),
    )
    return cost, records


def _kind(request: Request) -> str:
    return "LIST" if "list-type" in request.target else request.method


def _copy(store: DocumentStore, folder: Path) -> None:
    kept = DocumentStore(str(folder))
    for path in store.list(""):
        kept.write(path, store.read(path))


if __name__ == "__main__":
    raise SystemExit(main())
