"""How many requests are under way at a server that answers soon, late, or at its own pace."""

from __future__ import annotations

import heapq

import pytest

from docmill.resources.clients.window import Window

_DEADLINE_S = 60.0


def test_it_grows_to_its_bound_while_answers_come_soon() -> None:
    window = Window(8, _DEADLINE_S)
    sizes = [window.size]
    for _ in range(9):
        window.answered(0.1)
        sizes.append(window.size)
    assert sizes == [2, 3, 4, 5, 6, 7, 8, 8, 8, 8]


def test_it_never_shrinks_below_one_and_grows_again() -> None:
    window = Window(8, _DEADLINE_S)
    for _ in range(20):
        window.answered(60.0)
    assert window.size == 1
    window.answered(1.0)
    assert window.size == 2


def test_answers_that_are_neither_soon_nor_late_change_nothing() -> None:
    window = Window(8, _DEADLINE_S)
    for _ in range(20):
        window.answered(8.0)
    assert window.size == 2


def test_a_bound_of_one_is_kept() -> None:
    window = Window(1, _DEADLINE_S)
    window.answered(0.1)
    assert window.size == 1


def waits(clients: int, seconds: float, most: int) -> list[float]:
    """How long each request waits of clients whose server answers one after the other, in so many seconds."""
    windows = [Window(most, _DEADLINE_S) for _ in range(clients)]
    under_way = [0] * clients
    queue: list[tuple[float, int]] = []
    now, found = 0.0, []
    for _ in range(3000):
        for client, window in enumerate(windows):
            while under_way[client] < window.size:
                heapq.heappush(queue, (now, client))
                under_way[client] += 1
        sent, client = heapq.heappop(queue)
        now += seconds
        windows[client].answered(now - sent)
        under_way[client] -= 1
        found.append(now - sent)
    return found


@pytest.mark.parametrize("seconds", [0.01, 0.7, 1.5])
def test_many_clients_of_a_slow_server_stay_away_from_their_deadline(seconds: float) -> None:
    assert max(waits(16, seconds, 8)) < _DEADLINE_S


def test_a_server_is_never_left_without_work() -> None:
    """Two clients keep a queue of seconds, not of one request."""
    later = waits(2, 0.7, 8)[200:]
    assert min(later) > 2 * 0.7
