"""One long PDF divided among the pods of steps, of which some are killed: the same bytes as in one step."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.deploying import LIMIT_S, Deploy
from tests.support.cluster.deployment import ClusterDeployment
from tests.support.long_batches import artifacts_of, long_pdf, made_batch, run_batch, stored

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(2400)]

PAGES, PAGES_PER_POD = 64, 24
NAME = "long.pdf"
#: The pods that are killed when they have begun, by the step that they do.
VICTIMS = ("pages.range", "layout.range", "layout.join")


@dataclass
class Watch:
    """Sees the steps' pods, and kills the first one of each victim."""

    deployment: ClusterDeployment
    #: All steps that had a pod, by the pods' names.
    seen: dict[str, str] = field(default_factory=dict)
    killed: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Once."""
        for pod in self.deployment.core.list_namespaced_pod(self.deployment.namespace).items:
            step = (pod.metadata.labels or {}).get("dagster/op")
            if not step:
                continue
            self.seen[pod.metadata.name] = step
            victim = next((each for each in VICTIMS if step.startswith(each)), None)
            if victim and victim not in self.killed and self._is_due(victim, pod):
                self.deployment.kubelet.pod(pod.metadata.name, self.deployment.namespace).kill()
                self.killed.append(victim)

    def _is_due(self, victim: str, pod: Any) -> bool:
        """Whether it is at work; a range of `layout` not before page chunks are there, its own or others'."""
        if pod.status.phase != "Running":
            return False
        store = self.deployment.store
        return victim != "layout.range" or any("/layout/" in path for path in store.list("documents"))


def test_a_long_document_over_many_pods_is_the_same_bytes(deploy: Deploy, tmp_path: Path) -> None:
    data = long_pdf(PAGES)
    succeeded, _ = run_batch(tmp_path, made_batch(tmp_path, {NAME: data}), 0)
    assert succeeded
    with deploy("divided", 1, executor="k8s", pages_per_pod=PAGES_PER_POD) as deployment:
        watch = Watch(deployment)
        deployment.inbox.write(NAME, data)

        def settled() -> bool:
            watch.look()
            return deployment.settled(1)

        deployment.until(settled, LIMIT_S)
        (row,) = deployment.rows().values()
        made = artifacts_of(deployment.store)
    assert (row.state, row.pages) == ("converted", PAGES)
    assert sorted(watch.killed) == sorted(VICTIMS)
    # the deployment writes more formats: those have another fingerprint, and the metadata says so
    expected = {
        name: each
        for name, each in artifacts_of(stored(tmp_path)).items()
        if "/exports/" not in name and not name.endswith("/metadata.json")
    }
    assert any("/documents/" in name for name in expected)
    assert {name: each for name, each in made.items() if name in expected} == expected
    steps = set(watch.seen.values())
    assert len([step for step in steps if step.startswith("pages.range")]) == 3
    assert len([step for step in steps if step.startswith("layout.range")]) == 3
