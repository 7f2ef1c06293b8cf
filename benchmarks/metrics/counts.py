"""Hits, misses and false alarms, and the F1 that they add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

__all__ = ["Counts", "bag_counts", "mean"]


class Counts(msgspec.Struct, frozen=True):
    """Outcome of comparing a set of predictions with the truth; adds up over pages and documents (micro)."""

    hit: int = 0
    missed: int = 0
    false: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.hit + other.hit, self.missed + other.missed, self.false + other.false)

    @property
    def f1(self) -> float | None:
        """2 hit / (2 hit + missed + false); None when there was nothing to find and nothing was found."""
        total = 2 * self.hit + self.missed + self.false
        return 2 * self.hit / total if total else None

    @property
    def precision(self) -> float | None:
        """hit / (hit + false); None without predictions."""
        predicted = self.hit + self.false
        return self.hit / predicted if predicted else None

    @property
    def recall(self) -> float | None:
        """hit / (hit + missed); None without truth."""
        truth = self.hit + self.missed
        return self.hit / truth if truth else None


def bag_counts(truth: Iterable[str], predicted: Iterable[str]) -> Counts:
    """Compare two multisets: a string counts as a hit as often as both sides have it."""
    expected, found = Counter(truth), Counter(predicted)
    hit = (expected & found).total()
    return Counts(hit, expected.total() - hit, found.total() - hit)


def mean(values: Iterable[float | None]) -> float | None:
    """Arithmetic mean of the values that are not None; None when there are none."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
