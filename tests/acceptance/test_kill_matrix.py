"""Nothing is lost and nothing done twice, whoever is killed at whatever boundary of a stage.

Every boundary once and every victim some times; `python -m benchmarks.endurance` kills each at each.
"""

from __future__ import annotations

import math

import pytest
from rich.console import Console

from benchmarks.endurance import measure, print_endurance
from tests.killing.matrix import BOUNDARIES, VICTIMS, every_kill, few_kills, spread
from tests.support.model_cache import weights

DOCUMENTS, BATCH = 24, 6


def test_the_kills_that_are_planned() -> None:
    few, every = few_kills(), every_kill()
    assert [kill.boundary for kill in few] == list(BOUNDARIES)
    assert {kill.victim for kill in few} == set(VICTIMS)
    assert len(every) == len(set(every)) == len(VICTIMS) * len(BOUNDARIES) - 1
    plans = spread(every, 25)
    assert sum(map(len, plans)) == len(every)
    assert max(map(len, plans)) <= math.ceil(len(every) / 25) + 1


@pytest.mark.acceptance
@pytest.mark.timeout(1200)
def test_documents_come_through_kills_at_every_boundary(capsys: pytest.CaptureFixture[str]) -> None:
    found = measure(DOCUMENTS, BATCH, few=True, minutes=15.0, models=weights("layout").parent)
    assert found.undue == 0
    assert found.warm_parents > 0
    assert sorted(outage.boundary for outage in found.outages) == sorted(map(str, BOUNDARIES))
    assert found.lost == []
    assert found.twice == []
    assert found.repeated == []
    assert found.rewritten == []
    batches = DOCUMENTS // BATCH
    assert found.batches == batches
    # understanding is off; its step ends at once
    assert found.materialized.pop("understanding", batches) == batches
    assert found.materialized == dict.fromkeys(
        ("pages", "ocr", "layout", "tables", "documents", "exports"), batches
    )
    print_endurance(found, Console(width=200))
    assert f"{DOCUMENTS} in {batches}" in capsys.readouterr().out
