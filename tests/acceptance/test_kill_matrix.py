"""Nothing is lost and nothing done twice, whoever is killed at whatever boundary of a stage.

Every boundary once and every victim some times; `python -m benchmarks.endurance` kills each at each.
"""

from __future__ import annotations

import math

import pytest

from tests.killing.endurance import endure
from tests.killing.matrix import BOUNDARIES, VICTIMS, every_kill, few_kills, spread
from tests.model_cache import weights

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
def test_documents_come_through_kills_at_every_boundary() -> None:
    endured = endure(weights("layout").parent, DOCUMENTS, BATCH, few_kills(), 900.0)
    findings = endured.findings
    assert endured.unfinished == []
    assert len(endured.killer.deaths) == len(BOUNDARIES)
    assert findings.lost == []
    assert findings.twice == []
    assert findings.repeated == []
    assert findings.rewritten == []
    batches = DOCUMENTS // BATCH
    assert len(findings.runs) == batches
    # understanding is off; its step ends at once
    assert endured.materialized.pop("understanding", batches) == batches
    assert endured.materialized == dict.fromkeys(
        ("pages", "ocr", "layout", "tables", "documents", "exports"), batches
    )
