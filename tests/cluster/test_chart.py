"""The chart of docmill, installed: it starts, converts what comes into its inbox, and passes its tests."""

from __future__ import annotations

from functools import partial

import pytest

from tests.cluster.installing import Installed, installed, rendered_chart
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(2400)]

_NAMESPACE = "docs"


def test_the_chart_installs_and_converts(objects: Objects, kubelet: ProcessKubelet, database: str) -> None:
    rendered = rendered_chart(_NAMESPACE)
    with installed(objects, kubelet, rendered, database, _NAMESPACE) as chart:
        chart.put("two_column_paper.pdf", "financial_statement.pdf", "encrypted.pdf")
        assert chart.until(lambda: chart.written(2)).keys() == {"financial_statement", "two_column_paper"}
        (run,) = chart.until(lambda: [job for job in chart.jobs() if job.status.succeeded])
        assert run.metadata.labels["app.kubernetes.io/component"] == "run_worker"
        tests = [each for each in rendered.objects if each["kind"] == "Pod" and each not in chart.items]
        objects.apply(tests, _NAMESPACE)
        for each in tests:
            name = each["metadata"]["name"]
            assert chart.until(partial(_ended, chart, name)) == "Succeeded", name


def _ended(chart: Installed, pod: str) -> str:
    """How it has, or nothing."""
    phase: str = chart.core.read_namespaced_pod(pod, _NAMESPACE).status.phase
    return phase if phase in ("Succeeded", "Failed") else ""
