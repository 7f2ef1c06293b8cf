"""Nodes that are drained, or taken away with a notice: their pods are deleted, and asked to end at first."""

from __future__ import annotations

import pytest

from tests.cluster.deploying import LIMIT_S, Deploy
from tests.killing.matrix import Boundary, Kill, Victim
from tests.support.cluster.kills import pass_through

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(2400)]


@pytest.mark.parametrize(
    ("victim", "executor"),
    [("drained run", "in_process"), ("drained run", "k8s"), ("drained step", "k8s")],
)
def test_what_a_drained_pod_did_is_done_elsewhere(deploy: Deploy, victim: Victim, executor: str) -> None:
    kills = [[Kill(victim, Boundary("layout", "first"))]]
    namespace = f"{victim}-{executor}".replace(" ", "-").replace("_", "-")
    with deploy(namespace, 4, executor=executor) as deployment:
        passed = pass_through(deployment, 4, 4, kills, LIMIT_S)
    assert not passed.left
    found = passed.findings
    assert (found.lost, found.twice, found.repeated, found.rewritten) == ([], [], [], [])
