"""What a server and its machine did while something ran: counters of models, the GPU, the cores, by time."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import psutil

from benchmarks.gpu.utilisation import Utilisation
from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.triton import TritonServer
from docmill.resources.clients.triton.connection import connect
from docmill.resources.clients.triton.statistics import StatisticsReader

__all__ = ["Moment", "Span", "Watch", "span_of"]

_EVERY_S = 0.25


@dataclass(frozen=True)
class Moment:
    """A look: when, what models had done by then, and the busy seconds of all cores."""

    at: float
    counters: Mapping[str, Counters]
    core_s: float


@dataclass(frozen=True)
class Span:
    """From the first to the last of a model's executions. Shares are of all that there is, 0..1.

    `device` is the part of the time in which the model computed, instances added up: those that share a GPU
    wait for each other in it. `gpu` is the driver's figure, if any, and `gpu_ms` what that makes of an item.
    """

    seconds: float
    items: int
    device: float
    average_batch: float
    queue_ms: float
    cores: float
    gpu: float | None
    gpu_ms: float | None


@dataclass
class Watch:
    """Looks four times a second while the context is open. `urls`: a server for each model, by name."""

    urls: Mapping[str, str]
    moments: list[Moment] = field(default_factory=list)

    def __enter__(self) -> Watch:
        self._readers = {
            name: StatisticsReader(TritonServer(url), connect(url), name, "")
            for name, url in self.urls.items()
        }
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.gpu = Utilisation()
        self.gpu.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.gpu.__exit__(kind, error, trace)
        for reader in self._readers.values():
            reader.close()

    def _watch(self) -> None:
        ended = False
        while not ended:
            ended = self._stop.wait(_EVERY_S)  # and once more after the end
            found = {name: reader.read() for name, reader in self._readers.items()}
            counters = {name: read for name, read in found.items() if read is not None}
            if len(counters) == len(found):
                self.moments.append(Moment(time.perf_counter(), counters, _core_seconds()))

    def span(self, model: str) -> Span | None:
        """When a model worked; None when it did not."""
        return span_of(self.moments, model, self.gpu)


def span_of(moments: Sequence[Moment], model: str, gpu: Utilisation) -> Span | None:
    """From the look before a model's first execution to the one after its last."""
    counts = [moment.counters[model].inferences for moment in moments]
    grown = [place for place in range(1, len(counts)) if counts[place] > counts[place - 1]]
    if not grown:
        return None
    last = moments[grown[-1]]
    # what was done at the first look had begun before it
    began = moments[grown[0]].at - 1e-9 * _device_ns(moments, model, grown[0])
    first = next((moment for moment in reversed(moments[: grown[0]]) if moment.at <= began), moments[0])
    before, after = first.counters[model], last.counters[model]
    seconds = last.at - first.at
    items, executions = after.inferences - before.inferences, after.executions - before.executions
    requests = after.requests - before.requests
    busy = gpu.between(first.at, last.at)
    return Span(
        seconds=round(seconds, 2),
        items=items,
        device=round((after.device_ns - before.device_ns) / 1e9 / seconds, 3),
        average_batch=round(items / max(1, executions), 2),
        queue_ms=round((after.queue_ns - before.queue_ns) / 1e6 / max(1, requests), 1),
        cores=round((last.core_s - first.core_s) / seconds / (psutil.cpu_count() or 1), 3),
        gpu=busy,
        gpu_ms=None if busy is None else round(1000 * busy * seconds / max(1, items), 3),
    )


def _device_ns(moments: Sequence[Moment], model: str, place: int) -> int:
    """What a model has computed between two looks."""
    return moments[place].counters[model].device_ns - moments[place - 1].counters[model].device_ns


def _core_seconds() -> float:
    """Of the whole machine, since it started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))
