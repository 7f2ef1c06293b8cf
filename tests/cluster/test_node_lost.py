"""A machine that loses power: the cluster only knows when its node is taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.deploying import LIMIT_S, Deploy
from tests.killing.matrix import Boundary, Kill
from tests.support.cluster.deployment import IMAGE, docmill_image
from tests.support.cluster.kills import pass_through
from tests.support.cluster.machines.pool import Pool
from tests.support.cluster.process_kubelet import ProcessKubelet

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(2400)]


@pytest.mark.parametrize("executor", ["in_process", "k8s"])
def test_what_a_lost_machine_did_is_done_elsewhere(
    deploy: Deploy, kubelet: ProcessKubelet, tmp_path: Path, executor: str
) -> None:
    kills = [[Kill("node", Boundary("layout", "first"))]]
    with (
        Pool(kubelet.plane, tmp_path / "pool", {IMAGE: docmill_image()}, "spot") as pool,
        deploy(f"lost-{executor}".replace("_", "-"), 4, executor=executor, pool=pool) as deployment,
    ):
        passed = pass_through(deployment, 4, 4, kills, LIMIT_S)
        assert len(pool.machines) == 2
    assert not passed.left
    found = passed.findings
    assert (found.lost, found.twice, found.repeated, found.rewritten) == ([], [], [], [])
