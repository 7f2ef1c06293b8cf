"""docmill in a cluster: a pod for each run or each step; whoever is killed, nothing is lost or done twice."""

from __future__ import annotations

import pytest

from tests.cluster.deploying import DOCUMENTS, LIMIT_S, Deploy
from tests.killing.matrix import Boundary, Kill
from tests.support.cluster.kills import Passed, pass_through

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(2400)]

_STAGES = ("pages", "ocr", "layout", "tables", "understanding", "documents", "exports")


def _whole(passed: Passed) -> None:
    assert not passed.left
    found = passed.findings
    assert (found.lost, found.twice, found.repeated, found.rewritten) == ([], [], [], [])


def test_each_run_is_a_pod(undisturbed: Passed) -> None:
    _whole(undisturbed)
    assert set(undisturbed.findings.runs.values()) == {1}


def test_nothing_is_lost_or_done_twice_when_pods_of_runs_are_killed(
    deploy: Deploy, undisturbed: Passed
) -> None:
    kills = [
        [Kill("run", Boundary("pages", "ended"))],
        [Kill("scheduler", Boundary("pages", "first"), 10.0), Kill("run", Boundary("ocr", "ended"))],
        [Kill("daemon", Boundary("layout", "first"))],
        [Kill("apiserver", Boundary("pages", "ended"), 5.0), Kill("run", Boundary("tables", "first"))],
    ]
    with deploy("runs-killed", 5) as deployment:
        passed = pass_through(deployment, DOCUMENTS, 5, kills, LIMIT_S)
    _whole(passed)
    assert sorted(passed.findings.runs.values()) == [1, 2, 2, 2]
    assert passed.outputs == undisturbed.outputs


def test_nothing_is_lost_or_done_twice_when_pods_of_steps_are_killed(
    deploy: Deploy, undisturbed: Passed
) -> None:
    kills = [
        [Kill("step", Boundary("pages", "first")), Kill("run", Boundary("layout", "first"))],
        [Kill("scheduler", Boundary("ocr", "first"), 10.0), Kill("step", Boundary("layout", "first"))],
    ]
    with deploy("steps-killed", 10, executor="k8s") as deployment:
        passed = pass_through(deployment, DOCUMENTS, 10, kills, LIMIT_S)
        jobs = deployment.jobs("step_worker")
    _whole(passed)
    assert passed.outputs == undisturbed.outputs
    # a run that is alone begins again with a run; a step with a step
    assert sorted(passed.findings.runs.values()) == [1, 2]
    assert {job.metadata.labels["dagster/op"] for job in jobs} == set(_STAGES)
    for job in jobs:
        (container,) = job.spec.template.spec.containers
        assert container.resources.requests["memory"] and container.resources.limits["cpu"]
