"""The HorizontalPodAutoscaler's and KEDA's arithmetic, by examples of their documentation."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.scaling.autoscaler import (
    Activation,
    Autoscaler,
    Fallback,
    Horizontal,
    Rules,
    Scaling,
    Step,
    Trigger,
    desired,
)

ONE = Scaling((Trigger(10.0),), most=20)
TWO = Scaling((Trigger(10.0), Trigger(100.0, activation=50.0)), most=20)
WHOLE = Scaling((Trigger(100.0, whole=True),), most=20)


@pytest.mark.parametrize(
    ("scaling", "values", "replicas", "wanted"),
    [
        (ONE, [100.0], 5, 10),
        (ONE, [101.0], 5, 11),
        (ONE, [54.9], 5, 5),  # within a tenth of what they are to have
        (ONE, [55.1], 5, 6),
        (ONE, [44.9], 5, 5),
        (ONE, [40.0], 5, 4),
        (TWO, [10.0, 400.0], 2, 4),
        (TWO, [30.0, 100.0], 2, 3),
        (TWO, [None, 400.0], 2, 4),
        (TWO, [None, 100.0], 2, None),  # nothing is taken away while one is not known
        (TWO, [None, None], 2, None),
        (WHOLE, [150.0], 2, 3),
        (WHOLE, [105.0], 2, 2),
        (WHOLE, [0.0], 2, 0),
    ],
)
def test_the_largest_of_what_the_triggers_want(
    scaling: Scaling, values: Sequence[float | None], replicas: int, wanted: int | None
) -> None:
    assert desired(values, replicas, scaling) == wanted


def over_time(scaling: Scaling, values: Sequence[tuple[float, float]], until: int) -> dict[int, int]:
    """Replicas from each second in which they change, with values from the seconds that are named."""
    scaler, replicas, changes = Autoscaler(scaling), 0, {}
    for now in range(until):
        value = [value for since, value in values if since <= now][-1]
        wanted = scaler.decide(now, replicas, [value])
        if wanted != replicas:
            changes[now] = replicas = wanted
    return changes


def test_up_by_four_or_twice_as_many_and_down_after_five_minutes() -> None:
    changes = over_time(ONE, [(0, 0.0), (30, 200.0), (100, 40.0), (600, 0.0)], 1200)
    assert list(changes.items())[:3] == [(30, 1), (45, 5), (60, 10)]
    assert changes[75] == 20
    [down] = [at for at in changes if 100 < at < 600]
    # the last time that twenty were wanted was before 100
    assert changes[down] == 4
    assert 90 + 300 <= down < 105 + 300
    # one is left until the cooldown is over, counted from the last time that anything was to be done
    gone = max(changes)
    assert changes[gone] == 0
    assert 570 + 300 < gone <= 600 + 330


def test_nothing_starts_below_the_activation() -> None:
    scaling = Scaling((Trigger(100.0, activation=50.0),), most=3)
    assert over_time(scaling, [(0, 50.0)], 300) == {}
    assert over_time(scaling, [(0, 50.0), (100, 51.0)], 300) == {120: 1}


def test_a_load_that_goes_up_and_down_does_not_move_the_replicas() -> None:
    swinging = [(float(at), 60.0 if at % 120 else 140.0) for at in range(0, 3600, 60)]
    changes = over_time(ONE, swinging, 3600)
    assert list(changes.values())[-1] == 14
    assert max(changes) < 120


def test_steps_and_windows_of_a_behavior() -> None:
    up, down = Rules(0.0, (Step("Pods", 2, 10.0),)), Rules(30.0, (Step("Pods", 1, 10.0),))
    scaler = Horizontal(Scaling((Trigger(1.0),), most=9, up=up, down=down))
    assert scaler.decide(0.0, 1, 9) == 3
    assert scaler.decide(5.0, 3, 9) == 3
    assert scaler.decide(11.0, 3, 9) == 5
    # less is wanted, but more was a moment ago, and of that not all is there
    assert scaler.decide(22.0, 5, 2) == 7
    assert scaler.decide(50.0, 7, 2) == 6
    assert scaler.decide(55.0, 6, 2) == 6
    assert scaler.decide(61.0, 6, 0) == 5


def test_what_does_not_wait_for_a_window_is_brought_within_bounds() -> None:
    scaler = Horizontal(Scaling((Trigger(1.0),), most=4, least=2))
    assert scaler.decide(0.0, 9, 9) == 4
    assert scaler.decide(1.0, 1, 0) == 2
    assert scaler.decide(2.0, 0, 3) == 0


def test_the_last_replica_stays_while_something_cannot_be_seen() -> None:
    keda = Activation(Scaling((Trigger(1.0),), most=4, cooldown_s=10.0))
    assert keda.poll(0.0, 0, [0.5]) == 1
    assert keda.poll(20.0, 1, [None]) == 1
    assert keda.poll(21.0, 1, [0.0]) == 0


@pytest.mark.parametrize(
    ("higher", "trigger", "told"),
    [
        (False, Trigger(8.0), [None, None, 8.0, 24.0, None]),
        (True, Trigger(8.0), [None, None, 40.0, 24.0, None]),
        (True, Trigger(8.0, whole=True), [None, None, None, 24.0, None]),
    ],
)
def test_what_is_told_in_place_of_a_value(
    higher: bool, trigger: Trigger, told: Sequence[float | None]
) -> None:
    fallback = Fallback(2, 1, higher)
    assert [fallback.value(each, trigger, 5) for each in (None, None, None, 24.0, None)] == told
