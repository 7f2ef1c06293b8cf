"""How a controller's turns are held against the arithmetic: it tells who decides otherwise."""

from __future__ import annotations

import pytest

from benchmarks.scaling.autoscaler import Scaling, Trigger
from tests.support.cluster.scaling.adapter import Look, Turn
from tests.support.cluster.scaling.replay import replay

SCALING = Scaling((Trigger(10.0),), most=20)


def turns(*seen: tuple[float, int, float | None]) -> list[Turn]:
    """Of (second, replicas, value)."""
    return [
        Turn(at, Look(replicas, replicas, replicas, active=True, reason=""), [value])
        for at, replicas, value in seen
    ]


@pytest.mark.parametrize(
    ("last", "differences"),
    [(4, ()), (1, ((10.0, (4,), 1),)), (5, ((10.0, (4,), 5),))],
)
def test_another_decision_is_told(last: int, differences: tuple[object, ...]) -> None:
    found = replay(turns((0.0, 1, 40.0), (10.0, 4, 39.0), (20.0, last, 39.0)), [], SCALING)
    assert (found.counted, found.differences) == (2, differences)


def test_what_somebody_else_changed_or_an_edge_leaves_open_is_not_counted() -> None:
    seen = turns((0.0, 1, 90.0), (15.2, 5, 90.0), (30.0, 9, 90.0), (40.0, 0, 90.0))
    found = replay(seen, [35.0], SCALING)
    # the step of fifteen seconds has ended at the second turn, or not yet
    assert (found.counted, found.differences) == (1, ())
    assert replay(turns((0.0, 4, None), (10.0, 4, None)), [], SCALING).counted == 1
    assert replay(turns((0.0, 4, None), (10.0, 1, None)), [], SCALING).differences
