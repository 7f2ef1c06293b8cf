"""Many calls at once: in order, bounded, and nothing more after an error."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from docmill.resources.clients.files.at_once import at_once


def slow(number: int) -> int:
    """As a store answers that is not on this machine."""
    time.sleep(0.03)
    return number


def test_quick_calls_are_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)  # however busy the machine is
    assert set(at_once(lambda _: threading.get_ident(), range(100))) == {threading.get_ident()}


def test_results_come_in_the_order_of_the_items() -> None:
    late, early = threading.Event(), threading.Event()

    def call(number: int) -> int:
        if number == 0:
            slow(number)
        if number == 1:
            assert early.wait(10)  # the next call goes on while this one waits
            late.set()
        if number == 2:
            early.set()
            assert late.wait(10)
        return -number

    assert list(at_once(call, range(40), 2)) == [-number for number in range(40)]
    assert list(at_once(call, [])) == []


def test_no_more_are_begun_than_the_reader_is_behind() -> None:
    taken = 0
    most = 0

    def items() -> Iterator[int]:
        nonlocal most
        for number in range(50):
            most = max(most, number - taken)
            yield number

    for _ in at_once(slow, items(), 4):
        taken += 1
    assert taken == 50
    assert most == 4


def test_an_error_comes_where_its_result_would_and_ends_it() -> None:
    begun: list[int] = []

    def call(number: int) -> int:
        begun.append(number)
        if number == 3:
            raise ValueError("three")
        return slow(number)

    results: list[int] = []
    with pytest.raises(ValueError, match="three"):
        results.extend(at_once(call, range(100), 2))
    assert results == [0, 1, 2]
    assert max(begun) <= 5
