"""The chart's ScaledObject drives the real HorizontalPodAutoscaler, on docmill's own metrics in a Prometheus.

Imitated: KEDA (`tests.support.cluster.scaling`), and the servers, which are processes that wait. Times are
shorter than the chart's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.resources.home import default_home
from docmill.resources.local.server_process import free_ports
from tests.charts.rendering import CHARTS, Case, render
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.cluster.scaling.adapter import Metrics, Turn, registered, serving
from tests.support.cluster.scaling.batches import Queue, exporter, make_home
from tests.support.cluster.scaling.keda import Keda, horizontal, polling
from tests.support.cluster.scaling.replay import replay
from tests.support.cluster.scaling.target import Target, waiting
from tests.support.monitoring import PrometheusServer, until

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
NAME, NAMESPACE = "mill-triton", "default"
#: What it came to, for `python -m benchmarks.scaling --observed`.
OBSERVED = default_home() / "tests" / "scaling.json"
#: Beside the chart's own values. A period of whole turns (2 s each) would end now before one, now after.
SHORTER: dict[str, Any] = {
    "triton": {"image": {"registry": "registry.test"}},
    "autoscaling": {
        "enabled": True,
        "pollingSeconds": 3,
        "cooldownSeconds": 10,
        "triton": {"batches": 2},
        "fallback": {"failures": 4, "behavior": "currentReplicasIfHigher"},
        "behavior": {
            "scaleUp": {
                "policies": [
                    {"type": "Percent", "value": 100, "periodSeconds": 5},
                    {"type": "Pods", "value": 2, "periodSeconds": 5},
                ]
            },
            "scaleDown": {
                "stabilizationWindowSeconds": 31,
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": 5}],
            },
        },
    },
}
#: What stands for the servers: nothing to load, and nothing to ask.
IDLE = {"image": "plain", "command": ["sleep", "3600"]}
#: Which of the triggers that is.
BATCHES = 2
#: How long anything may take on a crowded machine.
LIMIT_S = 120.0


def scaled_object(prometheus: str) -> dict[str, Any]:
    """The chart's own for Triton."""
    values = SHORTER | {"autoscaling": {**SHORTER["autoscaling"], "prometheus": {"address": prometheus}}}
    [chart] = render([Case(CHARTS / "serving", (), values)])
    assert chart.error == ""
    return chart.one("ScaledObject", "triton")


@contextmanager
def sampled(target: Target, queue: Queue) -> Iterator[list[dict[str, float]]]:
    """Replicas each second, for the plot."""
    stop, samples = threading.Event(), []

    def sample() -> None:
        over = False
        while not over:
            over = stop.wait(1.0)
            look = target.look()
            seen = {"batches": len(queue.waiting), "replicas": look.replicas, "ready": look.ready}
            samples.append({"at": time.time(), **seen})

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


def most_batches(turns: Sequence[Turn], at: float) -> float:
    """The most that the controller was told within the window before, but for its edge."""
    window = SHORTER["autoscaling"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"]
    told = [each.values[BATCHES] for each in turns if at - window + 2 < each.at < at]
    return max(value for value in told if value is not None)


def test_replicas_follow_the_queue_of_batches(
    objects: Objects, kubelet: ProcessKubelet, tmp_path: Path
) -> None:
    home, plane = tmp_path / "home", kubelet.plane
    folder = make_home(home)
    metrics_port, adapter_port = free_ports("127.0.0.1", {"metrics": 0, "adapter": 0})
    target = Target(plane.api, NAME)
    with ExitStack() as stack:
        queue = Queue(stack.enter_context(dg.DagsterInstance.from_config(str(folder))))
        stack.enter_context(exporter(home, metrics_port))
        targets = {"docmill": f"127.0.0.1:{metrics_port}"}
        prometheus_stack = stack.enter_context(ExitStack())
        prometheus = prometheus_stack.enter_context(PrometheusServer(tmp_path / "prometheus", targets))
        scaled = scaled_object(prometheus.url)
        metrics = Metrics(scaled["spec"], target.look)
        stack.enter_context(registered(plane.api, adapter_port, plane.folder))
        objects.apply([waiting(NAME, IDLE), horizontal(scaled), scaled], NAMESPACE)
        stack.callback(target.remove)
        adapter_stack = stack.enter_context(ExitStack())
        adapter_stack.enter_context(serving(metrics, adapter_port, plane.folder))
        until(LIMIT_S, lambda: prometheus.value("sum(docmill_batches)") == 0, "the exporter is scraped")
        keda = Keda(metrics, lambda: target.replicas, target.scale)
        stack.enter_context(polling(keda))
        samples = stack.enter_context(sampled(target, queue))

        def decided(batches: int) -> bool:
            """Whether the controller was told so many, and is past its decision."""
            return len(metrics.turns) > 1 and batches in metrics.turns[-2].values[BATCHES : BATCHES + 1]

        def reaches(replicas: int) -> None:
            until(LIMIT_S, lambda: target.look().ready == target.replicas == replicas, f"{replicas} replicas")

        # nothing waits
        until(LIMIT_S, lambda: keda.polls >= 3, "KEDA looks")
        assert (target.replicas, keda.acted) == (0, [])

        # batches wait, of which nobody has begun one: no page was sent yet
        queue.fill(1)
        reaches(1)
        assert {run.status for run in queue.instance.get_runs()} == {dg.DagsterRunStatus.QUEUED}
        assert [replicas for _, replicas in keda.acted] == [1]

        # a server for two
        queue.fill(7)
        reaches(4)

        # what comes and goes within the window moves nothing
        turns = len(metrics.turns)
        for batches in (3, 7, 3, 7):
            queue.fill(batches)
            until(LIMIT_S, partial(decided, batches), f"{batches} batches are seen")
        for turn in metrics.turns[turns:]:
            assert turn.look.replicas == 4 or most_batches(metrics.turns, turn.at) < 7
        reaches(4)

        # without the adapter nothing is decided
        adapter_stack.close()
        until(LIMIT_S, lambda: target.look().reason == "FailedGetExternalMetric", "the adapter is missed")
        for batches in (1, 7):
            queue.fill(batches)
            until(LIMIT_S, lambda: prometheus.value("sum(docmill_batches)") == len(queue.waiting), "a scrape")
            assert target.replicas == 4
        adapter_stack.enter_context(serving(metrics, adapter_port, plane.folder))
        until(LIMIT_S, lambda: target.look().active, "the adapter is found again")

        # without Prometheus neither, and then the fallback keeps what is there
        prometheus_stack.close()
        until(LIMIT_S, lambda: target.look().reason == "FailedGetExternalMetric", "Prometheus is missed")
        until(LIMIT_S, lambda: metrics.turns[-1].values[-1:] == [4 * 20000.0], "the fallback is told")
        assert target.replicas == 4
        prometheus_stack.enter_context(prometheus)
        until(LIMIT_S, lambda: target.look().active, "Prometheus is found again")

        # less is to be done: down a pod at a time, then nothing is
        queue.fill(1)
        reaches(1)
        queue.fill(0)
        reaches(0)
        found = replay(metrics.turns, [at for at, _ in keda.acted], metrics.scaling)
        OBSERVED.parent.mkdir(parents=True, exist_ok=True)
        observed = {
            "counted": found.counted,
            "batches_a_server": metrics.scaling.triggers[BATCHES].threshold,
            "samples": samples,
        }
        OBSERVED.write_text(json.dumps(observed))
    assert found.differences == ()
    assert found.counted > len(metrics.turns) / 2
    assert [replicas for _, replicas in keda.acted] == [1, 0]
