"""Samples over time, by series: what a history is read into."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["Labels", "Sample", "Samples", "Track", "tracks"]

#: In any order.
Labels = tuple[tuple[str, str], ...]
#: Name, labels and value, as a scrape has them.
Sample = tuple[str, Labels, float]


@dataclass(frozen=True)
class Track:
    """A series: moments in order (seconds since the epoch) and values; NaN when it has gone since."""

    labels: Labels
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, at: float, value: float) -> None:
        """What comes after all the others."""
        self.times.append(at)
        self.values.append(value)

    @cached_property
    def present(self) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
        """Moments at which it was there, its values, and these as if a counter had never begun anew."""
        pairs = [pair for pair in zip(self.times, self.values, strict=True) if not math.isnan(pair[1])]
        grown, before, lost = [], 0.0, 0.0
        for _, value in pairs:
            lost += before if value < before else 0.0
            grown.append(value + lost)
            before = value
        return [at for at, _ in pairs], [value for _, value in pairs], grown


#: Series by the name of their metric.
Samples = Mapping[str, Sequence[Track]]


def tracks(scrapes: Iterable[tuple[float, Iterable[Sample]]]) -> Samples:
    """The series of scrapes, which come in order of time; one that a scrape lacks has gone."""
    found: dict[tuple[str, Labels], Track] = {}
    before: set[tuple[str, Labels]] = set()
    for at, samples in scrapes:
        now = set()
        for name, labels, value in samples:
            key = name, labels
            if key not in found:
                found[key] = Track(labels)
            found[key].add(at, value)
            now.add(key)
        for key in before - now:
            found[key].add(at, math.nan)
        before = now
    by_name: dict[str, list[Track]] = {}
    for (name, _), track in found.items():
        by_name.setdefault(name, []).append(track)
    return by_name
