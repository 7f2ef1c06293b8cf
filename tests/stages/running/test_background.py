"""Calls in the background: what follows runs in front, and no more wait than may."""

from __future__ import annotations

import threading
import time
from functools import partial
from multiprocessing.connection import wait
from typing import Any

import pytest

from docmill.pipeline.stages.running.background import Background


def slow(background: Background[Any]) -> Background[Any]:
    """One whose first call took its time, and that makes further ones in threads."""
    background.submit(partial(time.sleep, 0.05), lambda _: None)
    list(background.done(wait=True))
    return background


def test_quick_calls_are_made_here_and_slow_ones_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    here, clock = threading.get_ident(), time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)  # however busy the machine is

    def elsewhere() -> bool:
        return threading.get_ident() != here

    with Background[bool]() as background:
        for _ in range(20):
            background.submit(elsewhere, lambda seen: seen)
        assert list(background.done()) == [False] * 20
        monkeypatch.setattr(time, "perf_counter", clock)
        slow(background)
        background.submit(elsewhere, lambda seen: seen)
        assert list(background.done(wait=True)) == [True]


def test_a_quick_call_that_fails_is_raised_where_its_result_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)

    def call() -> int:
        raise OSError("gone")

    with Background[int]() as background:
        background.submit(call, lambda done: done)
        with pytest.raises(OSError, match="gone"):
            list(background.done())


def test_who_looks_sees_to_others_before_what_was_asked_for_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)

    def again(number: int) -> int:
        background.submit(lambda: number + 1, again)
        return number

    with Background[int]() as background:
        background.submit(lambda: 0, again)
        assert list(background.done()) == [0]
        assert wait([background.ready], 0) == [background.ready]
        assert list(background.done()) == [1]


def test_what_follows_runs_where_it_is_taken() -> None:
    here = threading.get_ident()
    ran: list[tuple[bool, bool]] = []

    def then(thread: int) -> int:
        ran.append((thread != here, threading.get_ident() == here))
        return len(ran)

    with Background[int]() as background:
        slow(background)
        for _ in range(20):
            background.submit(threading.get_ident, then)
        found: list[int] = []
        while background.busy:
            found += background.done(wait=True)
        assert list(background.done(wait=True)) == []
    assert ran == [(True, True)] * 20
    assert found == list(range(1, 21))


def test_what_follows_may_ask_for_more() -> None:
    def count(left: int) -> str | None:
        if left:
            background.submit(lambda: left - 1, count)
            return None
        return "over"

    with Background[str]() as background:
        background.submit(lambda: 5, count)
        found: list[str] = []
        while background.busy:
            found += background.done(wait=True)
    assert found == ["over"]


def test_its_descriptor_can_be_waited_for() -> None:
    go = threading.Event()
    with Background[bool]() as background:
        slow(background)
        background.submit(partial(go.wait, 10), lambda seen: seen)
        assert wait([background.ready], 0.05) == []
        go.set()
        assert wait([background.ready], 10) == [background.ready]
        assert list(background.done()) == [True]
        assert wait([background.ready], 0) == []


def test_whoever_is_faster_than_the_store_is_held_back() -> None:
    go, begun = threading.Event(), threading.Event()
    submitted = 0

    def produce(background: Background[bool]) -> None:
        nonlocal submitted
        for _ in range(9):
            background.submit(partial(go.wait, 10), lambda seen: seen)
            submitted += 1
            if submitted == 5:
                begun.set()

    with Background[bool](threads=2, pending=5) as background:
        slow(background)
        producer = threading.Thread(target=produce, args=(background,))
        producer.start()
        assert begun.wait(10)
        producer.join(0.1)
        assert submitted == 5
        go.set()
        producer.join(10)
        assert submitted == 9
        found: list[bool] = []
        while background.busy:
            found += background.done(wait=True)
        assert found == [True] * 9


def test_an_error_is_raised_where_its_result_is_taken_and_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def call(number: int) -> int:
        begun.append(number)
        if number:
            time.sleep(0.5)  # the others are dropped meanwhile
            return number
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"), Background[int](threads=1) as background:
        slow(background)
        for number in range(5):
            background.submit(partial(call, number), lambda done: done)
        list(background.done(wait=True))
    assert len(begun) <= 2  # one may have begun before the others were dropped
