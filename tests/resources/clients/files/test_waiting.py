"""Whether a store keeps its callers waiting, by a clock that tells what it is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from docmill.resources.clients.files.waiting import Waiting

Calls = Callable[..., bool]


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Whether threads are better after calls that took so many seconds."""
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)

    def call(seconds: float) -> float:
        nonlocal now
        now += seconds
        return seconds

    def calls(*seconds: float) -> bool:
        waiting = Waiting()
        assert [waiting.call(partial(call, each)) for each in seconds] == [*seconds]
        return waiting.long

    return calls


def test_the_first_call_tells_a_store_that_is_far(after: Calls) -> None:
    assert not after()
    assert after(0.005)
    assert not after(0.0002)


def test_one_call_that_the_machine_had_no_time_for_does_not(after: Calls) -> None:
    assert not after(*[0.0002] * 10, 0.012, *[0.0002] * 10)
    assert after(*[0.0002] * 10, *[0.012] * 3)


def test_what_fails_took_its_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 5.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))

    def gone() -> None:
        raise OSError("gone")

    waiting = Waiting()
    with pytest.raises(OSError, match="gone"):
        waiting.call(gone)
    assert waiting.long
