"""Calls in the background: what follows runs in front, and no more wait than may."""

from __future__ import annotations

import threading
from functools import partial
from multiprocessing.connection import wait

import pytest

from docmill.pipeline.stages.running.background import Background


def test_what_follows_runs_where_it_is_taken() -> None:
    here = threading.get_ident()
    with Background[int]() as background:
        for number in range(20):
            background.submit(
                threading.get_ident,
                lambda thread, number=number: (number, thread != here, threading.get_ident() == here),  # type: ignore[misc]
            )
        found: list[object] = []
        while background.busy:
            found += background.done(wait=True)
        assert sorted(found) == [(number, True, True) for number in range(20)]  # type: ignore[type-var]
        assert list(background.done(wait=True)) == []


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


def test_an_error_is_raised_where_its_result_is_taken() -> None:
    begun: list[int] = []
    go = threading.Event()

    def call(number: int) -> int:
        begun.append(number)
        if number:
            assert go.wait(10)
            return number
        raise OSError("gone")

    def fail() -> None:
        with Background[int](threads=1) as background:
            for number in range(5):
                background.submit(partial(call, number), lambda done: done)
            try:
                list(background.done(wait=True))
            finally:
                go.set()

    with pytest.raises(OSError, match="gone"):
        fail()
    assert begun[0] == 0
