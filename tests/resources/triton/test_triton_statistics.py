from collections.abc import Iterator

import pytest

from resources.triton.statistics import Counters, UsageMeter


class Readings:
    """A server whose counters are read one after another; the last stays."""

    def __init__(self, *counters: Counters | None) -> None:
        self._left = list(counters)

    def read(self) -> Counters | None:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


def meter(own: Iterator[int], *readings: Counters | None) -> UsageMeter:
    return UsageMeter("layout", Readings(*readings), lambda: next(own))


def grown(inferences: int, seconds: float) -> Counters:
    return Counters(inferences=inferences, device_ns=int(seconds * 1e9))


def test_own_inferences_take_their_share_of_what_all_took() -> None:
    usage = meter(iter([5, 7]), grown(100, 10.0), grown(108, 12.0))
    assert usage.close() == {"layout": pytest.approx(0.5)}


def test_an_execution_that_is_counted_late_is_waited_for() -> None:
    usage = meter(iter([0, 2]), grown(0, 0.0), grown(1, 0.1), grown(2, 0.3))
    assert usage.close() == {"layout": pytest.approx(0.3)}


def test_after_a_restart_the_new_counters_are_what_there_is() -> None:
    usage = meter(iter([0, 4]), grown(100, 10.0), grown(4, 1.0))
    assert usage.close() == {"layout": pytest.approx(1.0)}


def test_nothing_asked_is_nothing_spent_and_no_statistics_is_no_figure() -> None:
    assert meter(iter([3, 3]), grown(100, 10.0), grown(108, 12.0)).close() == {}
    assert meter(iter([0, 1]), None).close() == {}
    assert meter(iter([0, 1]), grown(0, 0.0), None).close() == {}
