"""Dagster's event log, read once: each event is counted exactly once, over restarts and late commits.

A database may show an event after one with a higher storage id, since transactions end in another order than
they began. So the place in the log stays before the events of the last minute, and those of them that are
counted are remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import dagster as dg
import msgspec

__all__ = ["Fetch", "Place", "read_on"]

#: No transaction that writes an event lasts so long.
_LATE = timedelta(minutes=1)
_AT_ONCE = 500

#: (storage id after which, how many at most) -> events, the earliest first.
Fetch = Callable[[int, int], Sequence[dg.EventLogRecord]]


class Place(msgspec.Struct, frozen=True):
    """Where reading goes on: all events up to the storage id `settled` are counted, and `counted` after."""

    settled: int = 0
    counted: list[int] = []


def read_on(place: Place, fetch: Fetch, count: Callable[[dg.EventLogRecord], None], now: datetime) -> Place:
    """Count the events after a place that are not counted yet, and say where to go on."""
    settled, counted = place.settled, set(place.counted)
    young_since, old = (now - _LATE).timestamp(), True
    for event in _events(fetch, settled):
        if event.storage_id not in counted:
            count(event)
            counted.add(event.storage_id)
        old = old and event.timestamp < young_since
        if old:
            settled = event.storage_id
    return Place(settled, sorted(each for each in counted if each > settled))


def _events(fetch: Fetch, after: int) -> Iterator[dg.EventLogRecord]:
    while True:
        found = fetch(after, _AT_ONCE)
        yield from found
        if len(found) < _AT_ONCE:
            return
        after = found[-1].storage_id
