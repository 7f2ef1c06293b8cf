"""`docmill convert` on a server, beginning to end, and what limits it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks.comparing.counted import counted
from benchmarks.comparing.trees import CHECKOUT
from benchmarks.gpu.pipeline.models import HERON, TABLES
from benchmarks.gpu.pipeline.places import Running
from benchmarks.gpu.pipeline.watching import Span, Watch
from benchmarks.measuring.clean_environment import clean_environment
from benchmarks.serving import server_tree

__all__ = ["Whole", "converted", "limit"]

#: From here on something counts as what all else waits for.
_BUSY = 0.9
_SETTINGS = """[layout.backend.triton]
contract = "heron"
model = "{heron}"
url = "{layout}"
[tables.backend.triton]
url = "{tables}"
"""


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """One conversion, start and end of the command included. CPU is of all of docmill's processes."""

    workers: int
    documents: int
    pages: int
    seconds: float
    pages_per_s: float
    cpu_ms_a_page: float
    server_cpu_ms_a_page: float
    device_ms_a_page: Mapping[str, float]
    layout_pages_per_s: float
    layout: Span
    tables: Span | None
    limit: str


class NotWholeError(Exception):
    """Not every document was converted, or no page came to the layout model."""


def converted(
    served: Running, corpus: Path, pages: int, workers: int, folder: Path, longest_s: float
) -> Whole:
    """Convert a folder of papers into a new one. Raises `CommandFailedError`, `NotWholeError`."""
    home, out = folder / "home", folder / "out"
    home.mkdir(parents=True)
    urls = {"layout": served.urls[HERON], "tables": served.urls[TABLES]}
    (home / "docmill.toml").write_text(_SETTINGS.format(heron=HERON, **urls))
    convert = [sys.executable, "-m", "docmill.pipeline.cli", "convert", str(corpus), "--out", str(out)]
    # the documents have no scans, so OCR finds nothing to do
    command = [*convert, "--jobs", str(workers), "--format", "json"]
    before = _server_seconds(served.pids)
    with Watch(served.urls) as watch:
        cost = counted(command, clean_environment(home), CHECKOUT, longest_s)
    server_s = _server_seconds(served.pids) - before
    documents = len(list(corpus.glob("*.pdf")))
    if (made := len(list(out.glob("*.json")))) != documents:
        raise NotWholeError(f"{made} of {documents} documents were converted")
    layout, tables = watch.span(HERON), watch.span(TABLES)
    if layout is None:
        raise NotWholeError("the layout model was asked about no page")
    spans = {HERON: layout, TABLES: tables}
    return Whole(
        workers=workers,
        documents=documents,
        pages=pages,
        seconds=round(cost.wall_s, 2),
        pages_per_s=round(pages / cost.wall_s, 2),
        cpu_ms_a_page=round(1000 * cost.cpu_s / pages, 1),
        server_cpu_ms_a_page=round(1000 * server_s / pages, 1),
        device_ms_a_page={
            name: round(1000 * span.device * span.seconds / pages, 2) for name, span in spans.items() if span
        },
        layout_pages_per_s=round(layout.items / layout.seconds, 2),
        layout=layout,
        tables=tables,
        limit=limit(layout, cost.wall_s),
    )


def limit(layout: Span, seconds: float) -> str:
    """What holds the layout stage back, and how much of the conversion that stage is."""
    busy = layout.device if layout.gpu is None else layout.gpu
    share = f"; the layout stage is {layout.seconds / seconds:.0%} of the conversion"
    if busy >= _BUSY:
        return f"the model: busy {busy:.0%}{share}"
    if layout.cores >= _BUSY:
        return f"the cores: {layout.cores:.0%} busy, the model {busy:.0%}{share}"
    return (
        f"neither the model ({busy:.0%} busy) nor the cores ({layout.cores:.0%}): requests are few or wait, "
        f"{layout.average_batch:g} pages a batch, {layout.queue_ms:g} ms in the queue{share}"
    )


def _server_seconds(pids: Sequence[int]) -> float:
    return sum(sum(server_tree.cpu_seconds(pid).values()) for pid in pids)
