"""The chart's ScaledObject drives the real HorizontalPodAutoscaler, on docmill's own metrics in a Prometheus.

Imitated: KEDA (`tests.support.cluster.scaling`), and the servers, which are processes that wait. Times are
shorter than the chart's.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from kubernetes import client

from docmill.pipeline.instance.dagster_internals import PARTITION_NAME_TAG
from docmill.resources.home import default_home
from docmill.resources.local.server_process import free_ports
from tests.charts.rendering import CHARTS, Case, render
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.cluster.scaling.adapter import Look, Metrics, Turn, registered, serving
from tests.support.cluster.scaling.keda import Keda, horizontal, polling
from tests.support.cluster.scaling.replay import replay
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


@dataclass
class Queue:
    """Batches in Dagster's own queue, which nobody works off."""

    instance: dg.DagsterInstance
    waiting: list[str] = field(default_factory=list)

    def fill(self, batches: int) -> None:
        """So many wait from now on: others are added, or taken away."""
        repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "__repository__")
        origin = RemoteJobOrigin(repository, "convert_documents")
        while len(self.waiting) < batches:
            tags = {PARTITION_NAME_TAG: f"b{len(self.waiting)}", "lane": "inbox"}
            run = dg.DagsterRun(
                "convert_documents", status=dg.DagsterRunStatus.QUEUED, tags=tags, remote_job_origin=origin
            )
            self.waiting.append(self.instance.add_run(run).run_id)
        for run_id in self.waiting[batches:]:
            self.instance.delete_run(run_id)
        del self.waiting[batches:]


@dataclass
class Target:
    """The Deployment that is scaled."""

    api: client.ApiClient

    @property
    def replicas(self) -> int:
        """Those asked for."""
        scale = client.AppsV1Api(self.api).read_namespaced_deployment_scale(NAME, NAMESPACE)
        return int(scale.spec.replicas or 0)

    def scale(self, replicas: int) -> None:
        """Ask for others."""
        wanted = {"spec": {"replicas": replicas}}
        client.AppsV1Api(self.api).patch_namespaced_deployment_scale(NAME, NAMESPACE, wanted)

    def remove(self) -> None:
        """Both are gone from now on."""
        scalers = client.AutoscalingV1Api(self.api)
        scalers.delete_namespaced_horizontal_pod_autoscaler(f"keda-hpa-{NAME}", NAMESPACE)
        client.AppsV1Api(self.api).delete_namespaced_deployment(NAME, NAMESPACE)

    def look(self) -> Look:
        """How things are now."""
        found = client.AppsV1Api(self.api).read_namespaced_deployment(NAME, NAMESPACE)
        scaler = client.CustomObjectsApi(self.api).get_namespaced_custom_object(
            "autoscaling", "v2beta2", NAMESPACE, "horizontalpodautoscalers", f"keda-hpa-{NAME}"
        )
        conditions = scaler.get("status", {}).get("conditions", ())
        active = any(each["type"] == "ScalingActive" and each["status"] == "True" for each in conditions)
        reasons = [each["reason"] for each in conditions if each["type"] == "ScalingActive"]
        return Look(
            found.spec.replicas or 0,
            found.status.replicas or 0,
            found.status.ready_replicas or 0,
            active,
            reasons[0] if reasons else "",
        )


@contextmanager
def exporter(home: Path, port: int) -> Iterator[None]:
    """docmill's own metrics of the instance in a home."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("DOCMILL", "DAGSTER"))}
    command = [sys.executable, "-m", "docmill.pipeline.cli", "metrics", "--port", str(port), "--every", "1"]
    process = subprocess.Popen(command, cwd=ROOT, env=own | {"DOCMILL_HOME": str(home)})
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


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


def waiting_server(labels: dict[str, str]) -> dict[str, Any]:
    """What stands for the servers: nothing to load, and nothing to ask."""
    container = {"name": "main", "image": "plain", "command": ["sleep", "3600"]}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def most_batches(turns: Sequence[Turn], at: float) -> float:
    """The most that the controller was told within the window before, but for its edge."""
    window = SHORTER["autoscaling"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"]
    told = [each.values[BATCHES] for each in turns if at - window + 2 < each.at < at]
    return max(value for value in told if value is not None)


def test_replicas_follow_the_queue_of_batches(
    objects: Objects, kubelet: ProcessKubelet, tmp_path: Path
) -> None:
    home, plane = tmp_path / "home", kubelet.plane
    (home / "dagster").mkdir(parents=True)
    (home / "dagster" / "dagster.yaml").write_bytes((ROOT / "deploy" / "dagster.yaml").read_bytes())
    metrics_port, adapter_port = free_ports("127.0.0.1", {"metrics": 0, "adapter": 0})
    target = Target(plane.api)
    with ExitStack() as stack:
        queue = Queue(stack.enter_context(dg.DagsterInstance.from_config(str(home / "dagster"))))
        stack.enter_context(exporter(home, metrics_port))
        targets = {"docmill": f"127.0.0.1:{metrics_port}"}
        prometheus_stack = stack.enter_context(ExitStack())
        prometheus = prometheus_stack.enter_context(PrometheusServer(tmp_path / "prometheus", targets))
        scaled = scaled_object(prometheus.url)
        metrics = Metrics(scaled["spec"], target.look)
        stack.enter_context(registered(plane.api, adapter_port, plane.folder))
        objects.apply([waiting_server({"app": NAME}), horizontal(scaled), scaled], NAMESPACE)
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
