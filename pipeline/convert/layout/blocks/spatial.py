"""Looking up what stands above and below a point, in time that does not grow with the whole page."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from docmill.pipeline.convert.types import Box, Ruling

__all__ = ["Boxed", "ColumnIndex", "finite", "hull", "lies_in", "merge_near", "rulings_between", "within"]

_STRIP = 8.0  # points: narrower than any column gutter worth finding
_INDEX_STRIP = 40.0  # of an index, whose items are tested for reaching across a point anyway
_MAX_LOOK = 40  # items of a strip that are tested
_MAX_STRIPS = 2000  # a box wider than this many strips is indexed by its first ones only


class Boxed(Protocol):
    """Anything with a box."""

    @property
    def box(self) -> Box:
        """Its box, in page points."""


T = TypeVar("T", bound=Boxed)


def finite(box: Box) -> bool:
    """True when all four sides are finite and in order."""
    return all(map(math.isfinite, (box.l, box.t, box.r, box.b))) and box.l <= box.r and box.t <= box.b


def hull(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds all of `boxes`, of which there must be one."""
    every = list(boxes)
    return Box(
        min(box.l for box in every),
        min(box.t for box in every),
        max(box.r for box in every),
        max(box.b for box in every),
    )


def strips(left: float, right: float, width: float = _STRIP) -> range:
    """The indices of the vertical strips that an interval touches, at most `_MAX_STRIPS` of them."""
    first = int(left // width)
    return range(first, min(int(right // width), first + _MAX_STRIPS) + 1)


class ColumnIndex(Generic[T]):
    """Items by vertical strip of the page, each strip sorted by top edge."""

    def __init__(self, items: Iterable[T]) -> None:
        table: dict[int, list[tuple[float, int, T]]] = {}
        for number, item in enumerate(items):
            box = item.box
            entry = (box.t, number, item)
            for strip in strips(box.l, box.r, _INDEX_STRIP):
                table.setdefault(strip, []).append(entry)
        for entries in table.values():
            entries.sort(key=_place)
        self._items = table

    def above(self, x: float, y: float, but: T | None = None) -> T | None:
        """Of the items that reach across `x`, the one that starts last above `y`."""
        entries = self._items.get(int(x // _INDEX_STRIP), [])
        last = bisect_left(entries, (y, -1), key=_place) - 1
        for position in range(last, max(-1, last - _MAX_LOOK), -1):
            item = entries[position][2]
            if item is not but and item.box.l <= x <= item.box.r:
                return item
        return None

    def below(self, x: float, y: float, but: T | None = None) -> T | None:
        """Of the items that reach across `x`, the one that starts first below `y`."""
        entries = self._items.get(int(x // _INDEX_STRIP), [])
        first = bisect_left(entries, (y, len(entries) + 1), key=_place)
        for position in range(first, min(len(entries), first + _MAX_LOOK)):
            item = entries[position][2]
            if item is not but and item.box.l <= x <= item.box.r:
                return item
        return None


def _place(entry: tuple[float, int, object]) -> tuple[float, int]:
    return entry[:2]


def within(items: Iterable[T], box: Box, share: float = 0.6) -> list[T]:
    """The items of whose area more than `share` lies in `box`."""
    return [item for item in items if lies_in(item.box, box, share)]


def lies_in(box: Box, frame: Box, share: float) -> bool:
    """True when more than `share` of `box` lies in `frame`; `Box.inside` with the cheap tests first."""
    apart = box.l >= frame.r or box.r <= frame.l or box.t >= frame.b or box.b <= frame.t
    return not apart and box.inside(frame) > share


def rulings_between(rulings: Sequence[Ruling], top: float, bottom: float) -> Sequence[Ruling]:
    """The horizontal rulings, sorted by y, from `top` to `bottom`; at most 200 of them."""
    first = bisect_left(rulings, top, key=_height)
    return rulings[first : min(bisect_right(rulings, bottom, key=_height), first + 200)]


def _height(ruling: Ruling) -> float:
    return ruling.y0


def merge_near(boxes: Iterable[Box], gap: float) -> list[tuple[Box, int]]:
    """Unions of the boxes that lie within `gap` points of each other, transitively, and how many each holds.

    Boxes are swept from top to bottom; only clusters that still reach the current box are compared,
    and at most 64 of them, so a page of scattered dots costs time in proportion to their number.
    """
    ordered = sorted(((box, 1) for box in boxes if finite(box)), key=lambda cluster: cluster[0].t)
    for _ in range(4):  # unions may come to touch each other
        closed: list[tuple[Box, int]] = []
        active: list[tuple[Box, int]] = []
        for box, count in ordered:
            grown, total = box, count
            still: list[tuple[Box, int]] = []
            for other, number in active:
                if other.b + gap < box.t:
                    closed.append((other, number))
                elif other.l - gap <= grown.r and grown.l - gap <= other.r:
                    grown, total = grown.union(other), total + number
                else:
                    still.append((other, number))
            still.append((grown, total))
            closed.extend(still[:-64])
            active = still[-64:]
        merged = sorted(closed + active, key=lambda cluster: cluster[0].t)
        if len(merged) == len(ordered):
            return merged
        ordered = merged
    return ordered
