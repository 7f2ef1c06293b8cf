"""Counts that only grow, and that can be written down: what the exporter keeps over restarts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping

import msgspec

from docmill.pipeline.instance.metrics.families import BUCKETS_S, COUNTERS, HISTOGRAMS

__all__ = ["Row", "Spread", "Tally"]

_Labels = tuple[str, ...]


class Spread(msgspec.Struct):
    """A histogram's counts: of each bucket of `BUCKETS_S` and of what is beyond, and the sum."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum: float = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(BUCKETS_S, value)] += 1
        self.sum += value


class Row(msgspec.Struct, array_like=True):
    """A time series as it is written: family, labels, value, and when it was first shown if it is new."""

    family: str
    labels: list[str]
    value: float | Spread
    new_at: float = 0.0


class Tally:
    """Counters and histograms by family and labels, as in `families`.

    Prometheus sees no growth in what appears with its first value. So a series that comes is new as of `now`
    (seconds since the epoch; 0.0: none is), and shown at 0 until it has `ripened`. Raises KeyError for a
    family that there is not, and ValueError for a wrong number of labels.
    """

    def __init__(self, now: float = 0.0) -> None:
        self._counts: dict[str, dict[_Labels, float]] = {name: {} for name in COUNTERS}
        self._spreads: dict[str, dict[_Labels, Spread]] = {name: {} for name in HISTOGRAMS}
        self._new: dict[tuple[str, _Labels], float] = {}
        self._now = now

    def add(self, family: str, value: float, *labels: str) -> None:
        """Let a counter grow; nothing is counted of 0, so that no series is made that says nothing."""
        _check(labels, COUNTERS[family].labels)
        if value > 0:
            self.begin(family, *labels)
            self._counts[family][labels] += value

    def begin(self, family: str, *labels: str) -> None:
        """Have a counter at 0 before there is anything to count."""
        _check(labels, COUNTERS[family].labels)
        self._note(family, labels, self._counts[family])
        self._counts[family].setdefault(labels, 0.0)

    def observe(self, family: str, value: float, *labels: str) -> None:
        """Count a value in a histogram."""
        _check(labels, HISTOGRAMS[family].labels)
        self._note(family, labels, self._spreads[family])
        self._spreads[family].setdefault(labels, Spread()).add(value)

    def ripened(self, before: float) -> None:
        """Show from now on what was new before that moment."""
        self._new = {series: since for series, since in self._new.items() if since >= before}

    def renewed(self, at: float) -> None:
        """Whatever is new is shown from that moment on, and was not before."""
        self._new = dict.fromkeys(self._new, at)

    def counts(self, family: str) -> Mapping[_Labels, float]:
        """The series of a counter, by labels."""
        return self._counts[family]

    def spreads(self, family: str) -> Mapping[_Labels, Spread]:
        """The series of a histogram, by labels."""
        return self._spreads[family]

    def shown_counts(self, family: str) -> Mapping[_Labels, float]:
        """The same as they are shown: new ones are 0."""
        return {
            labels: 0.0 if (family, labels) in self._new else value
            for labels, value in self._counts[family].items()
        }

    def shown_spreads(self, family: str) -> Mapping[_Labels, Spread]:
        """The same as they are shown: new ones are empty."""
        return {
            labels: Spread() if (family, labels) in self._new else spread
            for labels, spread in self._spreads[family].items()
        }

    def rows(self) -> list[Row]:
        """All series, to be written down."""
        return [*self._rows(self._counts), *self._rows(self._spreads)]

    @classmethod
    def of(cls, rows: list[Row], now: float = 0.0) -> Tally:
        """The tally of these rows; what an earlier docmill counted and this one does not is left out."""
        made = cls(now)
        for row in rows:
            if isinstance(row.value, Spread):
                known = HISTOGRAMS.get(row.family)
                if known and len(known.labels) == len(row.labels) and _fits(row.value):
                    spread = Spread(list(row.value.counts), row.value.sum)
                    made._spreads[row.family][tuple(row.labels)] = spread
                    made._keep_new(row)
            elif (counter := COUNTERS.get(row.family)) and len(counter.labels) == len(row.labels):
                made._counts[row.family][tuple(row.labels)] = row.value
                made._keep_new(row)
        return made

    def _rows(self, families: Mapping[str, Mapping[_Labels, float | Spread]]) -> Iterator[Row]:
        for family, series in families.items():
            for labels, value in series.items():
                yield Row(family, list(labels), value, self._new.get((family, labels), 0.0))

    def _note(self, family: str, labels: _Labels, known: Collection[_Labels]) -> None:
        if self._now and labels not in known:
            self._new[family, labels] = self._now

    def _keep_new(self, row: Row) -> None:
        if row.new_at:
            self._new[row.family, tuple(row.labels)] = row.new_at


def _fits(spread: Spread) -> bool:
    return len(spread.counts) == len(BUCKETS_S) + 1


def _check(labels: _Labels, wanted: _Labels) -> None:
    if len(labels) != len(wanted):
        raise ValueError(f"labels {labels} for {wanted}")
