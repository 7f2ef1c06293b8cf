"""How long at least one of several things was under way."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["busy_seconds"]


def busy_seconds(spans: Iterable[tuple[float, float]]) -> float:
    """The length of the union of intervals, each from its begin to its end, in their unit."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total
