"""Each event is counted once, in whichever order a database comes to show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from docmill.pipeline.instance.metrics.replay import Place, read_on

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """As much of `dagster.EventLogRecord` as is read."""

    storage_id: int
    timestamp: float


@dataclass
class Log:
    """Events that are visible, by storage id; and what was counted of them."""

    ages: dict[int, float] = field(default_factory=dict)
    counted: list[int] = field(default_factory=list)

    def read(self, place: Place, now: datetime = NOW) -> Place:
        def fetch(after: int, most: int) -> Sequence[Any]:
            found = [
                Event(each, (NOW - timedelta(seconds=age)).timestamp())
                for each, age in sorted(self.ages.items())
                if each > after
            ]
            return found[:most]

        return read_on(place, fetch, lambda event: self.counted.append(event.storage_id), now)


def test_old_events_are_settled_and_young_ones_remembered() -> None:
    log = Log({1: 500, 2: 400, 3: 10})
    place = log.read(Place())
    assert place == Place(2, [3])
    assert log.read(place) == place
    assert log.counted == [1, 2, 3]


def test_an_event_that_is_shown_late_is_counted_and_none_twice() -> None:
    log = Log({1: 500, 4: 10, 6: 5})
    place = log.read(Place())
    log.ages[3] = 11  # its transaction ended after that of 4
    log.ages[5] = 6
    place = log.read(place)
    assert sorted(log.counted) == [1, 3, 4, 5, 6]
    place = log.read(place, NOW + timedelta(minutes=2))
    assert place == Place(6, [])
    assert sorted(log.counted) == [1, 3, 4, 5, 6]


def test_an_old_event_after_a_young_one_does_not_settle_it() -> None:
    """Clocks of machines differ."""
    log = Log({1: 500, 2: 3, 3: 500})
    assert log.read(Place()) == Place(1, [2, 3])


@pytest.mark.parametrize("count", [499, 500, 501, 1000, 1203])
def test_more_events_than_are_read_at_once(count: int) -> None:
    log = Log(dict.fromkeys(range(1, count + 1), 500.0))
    assert log.read(Place()) == Place(count, [])
    assert log.counted == list(range(1, count + 1))
