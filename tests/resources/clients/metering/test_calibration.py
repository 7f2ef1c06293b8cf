"""What a server counts beside what its backend says, whoever asked."""

from __future__ import annotations

import random

import pytest

from docmill.resources.clients.metering.calibration import Calibration
from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.metering.tally import Asked
from docmill.resources.clients.metering.told import Done

MS = 1_000_000


def looked(inferences: int, way: float, instances: int = 1) -> Calibration:
    """Looks while inferences of 50 to 150 ms are done, told of and counted, not quite at the same moment."""
    chance, found = random.Random(7), Calibration()
    items, told_ns, counted_ns = [0] * instances, [0] * instances, [0.0]
    for number in range(inferences):
        took = chance.randint(50, 150) * MS
        instance = number % instances
        items[instance] += 1
        told_ns[instance] += took
        counted_ns.append(counted_ns[-1] + took * way)
        if number % 3 == 2:
            counted = max(0, number + 1 - chance.randint(0, 2))
            done = {each: Done(items[each], told_ns[each], 0, 0) for each in range(instances) if items[each]}
            found.look(
                Counters(inferences=counted, device_ns=round(counted_ns[counted])), Asked(1, 1, 0, 1, 1, done)
            )
    return found


@pytest.mark.parametrize("instances", [1, 2])
@pytest.mark.parametrize("way", [1.0, 1.02, 1.5])
def test_the_way_to_the_backend_is_found(way: float, instances: int) -> None:
    assert looked(150, way, instances).factor == pytest.approx(way, rel=0.004)


def test_many_looks_are_thinned_out() -> None:
    found = looked(7000, 1.03)
    assert found.factor == pytest.approx(1.03, rel=0.001)
    assert len(found._looks) <= 1000


def test_few_inferences_and_none_say_nothing() -> None:
    assert looked(15, 1.5).factor == 1.0
    assert looked(0, 1.5).factor == 1.0
    silent = Calibration()
    for number in range(40):
        silent.look(Counters(inferences=number, device_ns=number), Asked(number, number))
    assert silent.factor == 1.0


def test_counters_that_stand_still_say_nothing() -> None:
    found = Calibration()
    for number in range(1, 40):
        found.look(Counters(), Asked(1, 1, 0, 1, 1, {1: Done(number, number * MS, 0, 0)}))
    assert found.factor == 1.0


def beside_bursts(seed: int, way: float, own: int) -> Calibration:
    """A step beside a client of bursts: an instance tells of others' inferences when it next does ours."""
    chance, found = random.Random(seed), Calibration()
    instances = [Done(0, 0, 0, 0)] * 3
    told: dict[int, Done] = {}
    counted_ns = [0.0]
    for _ in range(own):
        for ours in [False] * 5 + [True]:
            took = chance.randint(80, 250) * MS
            instance = chance.randrange(len(instances))
            before = instances[instance]
            instances[instance] = done = Done(before.items + 1, before.device_ns + took, 0, 0)
            counted_ns.append(counted_ns[-1] + took * way)
            if ours:
                told[instance] = done
            if told and chance.random() < 0.3:
                counters = Counters(inferences=len(counted_ns) - 1, device_ns=round(counted_ns[-1]))
                found.look(counters, Asked(1, 1, 0, 1, 1, dict(told)))
    return found


def test_a_short_step_beside_bursts_is_not_made_dearer_by_chance() -> None:
    assert all(1.0 <= beside_bursts(seed, 1.005, 20).factor < 1.015 for seed in range(100))


def test_what_stands_out_from_the_scatter_is_the_way() -> None:
    ways = [beside_bursts(seed, 1.5, 100).factor for seed in range(100)]
    assert min(ways) > 1.4
    assert max(ways) < 1.55


def test_an_instance_that_is_heard_of_last_leaves_too_few_looks() -> None:
    found = Calibration()
    for number in range(1, 40):
        found.look(
            Counters(number, device_ns=number * MS),
            Asked(1, 1, 0, 1, 1, {1: Done(number, number * MS, 0, 0)}),
        )
    late = {1: Done(40, 40 * MS, 0, 0), 2: Done(1, MS, 0, 0)}
    found.look(Counters(41, device_ns=41 * MS), Asked(1, 1, 0, 1, 1, late))
    assert found.factor == 1.0
