"""Load on one model: so many clients at once, each sending its next request when the last is answered."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence

import msgspec

from benchmarks.serving.pictures import Array
from docmill.resources.clients.triton import TritonModel
from docmill.resources.clients.triton.statistics import StatisticsReader

__all__ = ["Figures", "InProcess", "apply_load", "run_in_process"]

_SETTLE_S = 0.2


class Figures(msgspec.Struct, frozen=True):
    """What one combination of batch size and concurrency came to. Times in milliseconds."""

    model: str
    batch: int  # items of one request
    concurrency: int
    items_per_s: float
    p50_ms: float
    p95_ms: float
    queue_ms: float | None = None  # a request's wait in the server's queue
    average_batch: float | None = None  # items of one execution
    device_ms: float | None = None  # of one item
    gpu_utilisation: float | None = None
    p99_ms: float | None = None
    requests: int = 0


class InProcess(msgspec.Struct, frozen=True):
    """The same requests, one after another, in this process."""

    model: str
    batch: int
    items_per_s: float
    p50_ms: float


def apply_load(
    model: TritonModel,
    reader: StatisticsReader,
    requests: Sequence[list[Array]],
    concurrency: int,
    seconds: float,
    utilisation: Callable[[], float | None] = lambda: None,
) -> Figures:
    """Load a model for about so many seconds; errors of the client pass."""
    latencies: list[list[float]] = [[] for _ in range(concurrency)]
    failures: list[BaseException] = []
    barrier = threading.Barrier(concurrency + 1)
    ends = [0.0]

    def client(number: int) -> None:
        barrier.wait()
        at = number
        while (began := time.perf_counter()) < ends[0]:
            try:
                model.infer(requests[at % len(requests)])
            except Exception as error:  # noqa: BLE001 - raised below, in the caller's thread
                failures.append(error)
                return
            latencies[number].append(time.perf_counter() - began)
            at += concurrency

    threads = [threading.Thread(target=client, args=(number,)) for number in range(concurrency)]
    for thread in threads:
        thread.start()
    before = reader.read()
    started = time.perf_counter()
    ends[0] = started + seconds
    barrier.wait()
    used = utilisation()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - started
    if failures:
        raise failures[0]
    time.sleep(_SETTLE_S)  # the server counts an execution shortly after its answers
    after = reader.read()
    grown = after.since(before) if after and before else None
    taken = sorted(latency for own in latencies for latency in own)
    batch = len(requests[0][0])
    return Figures(
        model=model.name,
        batch=batch,
        concurrency=concurrency,
        items_per_s=batch * len(taken) / wall,
        p50_ms=1000 * statistics.median(taken),
        p95_ms=1000 * _at(taken, 0.95),
        queue_ms=grown.queue_ns / grown.requests / 1e6 if grown and grown.requests else None,
        average_batch=grown.inferences / grown.executions if grown and grown.executions else None,
        device_ms=grown.device_ns / grown.inferences / 1e6 if grown and grown.inferences else None,
        gpu_utilisation=used,
        p99_ms=1000 * _at(taken, 0.99),
        requests=len(taken),
    )


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def run_in_process(
    name: str, run: Callable[[list[Array]], object], requests: Sequence[list[Array]], seconds: float
) -> InProcess:
    """The same requests through `run`, for about so many seconds."""
    taken: list[float] = []
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        began = time.perf_counter()
        run(requests[len(taken) % len(requests)])
        taken.append(time.perf_counter() - began)
    wall = time.perf_counter() - started
    batch = len(requests[0][0])
    return InProcess(name, batch, batch * len(taken) / wall, 1000 * statistics.median(taken))
