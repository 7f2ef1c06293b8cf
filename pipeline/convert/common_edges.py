"""Things that stand at one edge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["by_edge"]

T = TypeVar("T")


def by_edge(things: Iterable[T], edge: Callable[[T], float], apart: float) -> list[list[T]]:
    """Groups of things whose edges are no more than `apart` points from the next one's, by rising edge."""
    groups: list[list[T]] = []
    last = 0.0
    for thing in sorted(things, key=edge):
        here = edge(thing)
        if groups and here - last <= apart:
            groups[-1].append(thing)
        else:
            groups.append([thing])
        last = here
    return groups
