"""The exporter: reads on now and then, and shows Prometheus what it has read.

A scrape reads nothing: however many there are, the database is asked as often as the exporter wants. What
has been counted is written into the store before it is shown, so an exporter that dies and comes back shows
each counter no lower than before, and counts nothing twice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from docmill.pipeline.instance.metrics.families import BUCKETS_S, COUNTERS, GAUGES, HISTOGRAMS
from docmill.pipeline.instance.metrics.standing import Gauge
from docmill.pipeline.instance.metrics.tally import Spread, Tally

__all__ = ["Exporter", "Part"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """Something that is read every so many seconds; it gives gauges, and may change the tally as it does."""

    name: str
    every_s: float
    read: Callable[[datetime], Iterable[Gauge]]


@dataclass
class _Read:
    """When a part was read last, and what of it is shown."""

    gauges: list[Gauge] = field(default_factory=list)
    at: float = 0.0
    tried: float = float("-inf")
    seconds: float = 0.0
    failures: int = 0


class Exporter(Collector):
    """What has been read, for a registry of prometheus_client. `tally` gives the counters as they stand."""

    def __init__(self, parts: Iterable[Part], tally: Callable[[], Tally]) -> None:
        self._parts = list(parts)
        self._tally = tally
        self._reads: Mapping[str, _Read] = {part.name: _Read() for part in self._parts}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Read the parts whose time has come; one that cannot be read shows what it did, and is counted."""
        for part in self._parts:
            read, started = self._reads[part.name], time.monotonic()
            if started - read.tried < part.every_s:
                continue
            read.tried = started
            try:
                gauges = list(part.read(datetime.now(UTC)))
            except Exception:  # noqa: BLE001 - whatever a database's driver raises, it may come back
                read.failures += 1
                _log.exception("the exporter could not read %s", part.name)
                continue
            with self._lock:
                read.gauges, read.at = gauges, time.time()
                read.seconds, read.failures = time.monotonic() - started, 0

    def collect(self) -> Iterator[Metric]:
        """All metrics, as they were read."""
        tally = self._tally()
        for name, family in COUNTERS.items():
            counter = CounterMetricFamily(name, family.help, labels=family.labels)
            for labels, value in tally.shown_counts(name).items():
                counter.add_metric(labels, value)
            yield counter
        for name, family in HISTOGRAMS.items():
            histogram = HistogramMetricFamily(name, family.help, labels=family.labels)
            for labels, spread in tally.shown_spreads(name).items():
                histogram.add_metric(labels, _buckets(spread), spread.sum)
            yield histogram
        with self._lock:
            gauges = [gauge for read in self._reads.values() for gauge in read.gauges]
            gauges += [gauge for name, read in self._reads.items() for gauge in _of_itself(name, read)]
        found = {
            name: GaugeMetricFamily(name, each.help, labels=each.labels) for name, each in GAUGES.items()
        }
        for gauge in gauges:
            found[gauge.family].add_metric(gauge.labels, gauge.value)
        yield from found.values()


def _of_itself(part: str, read: _Read) -> Iterator[Gauge]:
    if read.at:
        yield Gauge("docmill_exporter_refreshed_timestamp_seconds", read.at, (part,))
        yield Gauge("docmill_exporter_refresh_seconds", read.seconds, (part,))
    yield Gauge("docmill_exporter_failures", read.failures, (part,))


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    bounds = [*(f"{bound:g}" for bound in BUCKETS_S), "+Inf"]
    return [(bound, float(count)) for bound, count in zip(bounds, accumulate(spread.counts), strict=True)]
