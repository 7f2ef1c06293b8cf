"""Whether memory grows: of made series, and of a deployment that works for half a minute."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.speed import soak
from benchmarks.speed.memory_trend import trend
from tests.support.model_cache import weights


def looks(mb_an_hour: float, noise: float = 5.0) -> list[tuple[float, float]]:
    """Half an hour of a process of 1,000 MB, looked at every four seconds."""
    chance = random.Random(1)
    return [(at / 15, 1000 + mb_an_hour * at / 15 / 60 + chance.gauss(0, noise)) for at in range(450)]


@pytest.mark.parametrize("growth", [-50.0, 0.0, 20.0, 200.0])
def test_growth_is_found_within_its_error(growth: float) -> None:
    found = trend(looks(growth))
    assert found.mb_an_hour == pytest.approx(growth, abs=1.5 * found.give_or_take)
    assert 0 < found.give_or_take < 10


def test_what_grows_by_a_tenth_is_not_flat() -> None:
    assert trend(looks(0)).flat
    assert not trend(looks(200)).flat
    found = trend(looks(200, noise=0))
    assert (found.first_mb, found.last_mb) == pytest.approx((1017, 1083), abs=1)


def test_a_burst_in_one_minute_is_one_observation() -> None:
    """Looks of a minute are alike: more of them make nothing surer."""
    often = [(at / 60, 1000 + 50 * (at // 60 % 2)) for at in range(1800)]
    seldom = often[::4]
    assert trend(often).give_or_take == pytest.approx(trend(seldom).give_or_take, rel=0.05)


def test_what_comes_and_goes_with_batches_is_flat() -> None:
    """Half as much again while there is one: the thirds differ by chance, which says nothing."""
    chance = random.Random(5)
    levels: list[float] = []
    while len(levels) < 450:
        levels += [1000.0 + 500 * chance.randint(0, 1) + chance.gauss(0, 5)] * chance.randint(2, 20)
    found = trend([(at / 15, level) for at, level in enumerate(levels)])
    assert found.last_mb > 1.02 * found.first_mb
    assert found.mb_an_hour < found.give_or_take
    assert found.flat
    assert not trend([(at / 15, level + 6 * at) for at, level in enumerate(levels)]).flat


@pytest.mark.timeout(300)
def test_a_deployment_is_looked_at_while_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    found = soak.measure(tmp_path, 0.5, 2, 1.0)
    assert (found.failed, found.documents) == (0, 2 * found.batches)
    assert found.pages > found.batches >= 1
    kinds = set(found.trends)
    assert {"all processes", "those that stay", "daemon", "web server", "code server", "warm parent"} <= kinds
    assert "others" not in kinds, "a process that nobody knows"
    for each in found.looked:
        assert 200 < each.all_mb <= found.peak_mb < 5000
        assert each.processes >= 5
