"""The node that the other tests stand on: what it does with pods is what a kubelet does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from kubernetes import client

from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(600)]


def _until(condition: Callable[[], Any], seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)
    return found


@pytest.fixture
def core(kubelet: ProcessKubelet) -> client.CoreV1Api:
    return client.CoreV1Api(kubelet.plane.api)


@pytest.fixture
def run(objects: Objects, core: client.CoreV1Api) -> Iterator[Callable[..., None]]:
    """Makes pods of one container, and removes them."""

    def run(name: str, script: str, container: dict[str, Any] | None = None, **spec: Any) -> None:
        one = {"name": "main", "image": "plain", "command": ["/bin/sh", "-c", script], **(container or {})}
        whole = {"restartPolicy": "Never", "containers": [one], **spec}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}}
        objects.apply([pod | {"spec": whole}])

    yield run
    core.delete_collection_namespaced_pod("default", grace_period_seconds=1)
    _until(lambda: not core.list_namespaced_pod("default").items)


@pytest.fixture
def phase(core: client.CoreV1Api) -> Callable[[str], str]:
    return lambda name: str(core.read_namespaced_pod(name, "default").status.phase)


def _ended(core: client.CoreV1Api, name: str) -> Any:
    """What the pod's container ended with, once it has."""
    statuses = core.read_namespaced_pod(name, "default").status.container_statuses or []
    return statuses[0].state.terminated if statuses else None


def _said(core: client.CoreV1Api, name: str) -> Any:
    """What it has said, once it runs."""
    if core.read_namespaced_pod(name, "default").status.phase == "Pending":
        return ""
    return _log(core, name)


def _log(core: client.CoreV1Api, name: str) -> str:
    """As it is: the client makes the text of some answers anew."""
    answer = core.read_namespaced_pod_log(name, "default", _preload_content=False)
    text: str = answer.data.decode()
    return text


def test_a_pod_is_given_what_it_names(objects: Objects, core: client.CoreV1Api, run: Any) -> None:
    objects.apply(
        [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "told"},
                "data": {"A": "1", "f": "text"},
            },
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hidden"}, "data": {"B": "Mg=="}},
        ]
    )
    run(
        "given",
        'echo "$A $B $NAME $BOTH"; cat /etc/told/f; hostname; touch /opt/mine && ls /opt/mine; '
        "test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo token; echo x > /etc/told/f",
        {
            "envFrom": [{"configMapRef": {"name": "told"}}, {"secretRef": {"name": "hidden"}}],
            "env": [
                {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "BOTH", "value": "$(A)-$(NAME)"},
            ],
            "volumeMounts": [{"name": "told", "mountPath": "/etc/told", "readOnly": True}],
        },
        volumes=[{"name": "told", "configMap": {"name": "told"}}],
    )
    assert _until(lambda: _ended(core, "given")).exit_code == 2  # the volume cannot be written
    said = _log(core, "given")
    assert said.splitlines()[0] == "1 2 given 1-given"
    assert "textgiven\n/opt/mine\ntoken\n" in said


def test_exit_codes_kills_and_memory_are_told(
    core: client.CoreV1Api, kubelet: ProcessKubelet, run: Any, phase: Any
) -> None:
    run("fails", "exit 3")
    run("killed", "exec sleep 600")
    hungry = "exec python3 -c 'x = bytearray(300 << 20)'"
    run("hungry", hungry, {"resources": {"limits": {"memory": "60Mi"}}})
    assert _until(lambda: _ended(core, "fails")).exit_code == 3
    assert phase("fails") == "Failed"
    _until(lambda: phase("killed") == "Running")
    kubelet.pod("killed").kill()
    assert _until(lambda: _ended(core, "killed")).exit_code == 137
    assert _until(lambda: _ended(core, "hungry")).reason == "OOMKilled"


def test_a_deleted_pod_is_asked_before_it_is_killed(
    core: client.CoreV1Api, kubelet: ProcessKubelet, run: Any
) -> None:
    run("polite", "trap 'echo asked; exit 0' TERM; echo up; while :; do sleep 0.1; done")
    run("deaf", "trap '' TERM; echo up; while :; do sleep 0.1; done")
    for name in ("polite", "deaf"):
        _until(partial(_said, core, name))
        core.delete_namespaced_pod(name, "default", grace_period_seconds=2)
    _until(lambda: not core.list_namespaced_pod("default").items)
    assert kubelet.pod("polite").codes == [0]
    assert kubelet.pod("deaf").codes == [137]


def test_what_a_container_does_before_its_end_comes_first(
    core: client.CoreV1Api, kubelet: ProcessKubelet, run: Any
) -> None:
    wait = "trap 'test -s /opt/said; exit $?' TERM; echo up; while :; do sleep 0.1; done"
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "sleep 1; echo left > /opt/said"]}}}
    run("drained", wait, {"lifecycle": hook})
    _until(partial(_said, core, "drained"))
    pod = kubelet.pod("drained")
    core.delete_namespaced_pod("drained", "default", grace_period_seconds=60)
    _until(lambda: not core.list_namespaced_pod("default").items)
    assert pod.codes == [0]


def test_a_container_is_started_again_where_the_pod_says_so(core: client.CoreV1Api, run: Any) -> None:
    run(
        "again",
        "[ -e /state/once ] && exec sleep 600; touch /state/once; exit 1",
        {
            "volumeMounts": [{"name": "state", "mountPath": "/state"}],
        },
        restartPolicy="OnFailure",
        volumes=[{"name": "state", "emptyDir": {}}],
    )

    def status() -> Any:
        statuses = core.read_namespaced_pod("again", "default").status.container_statuses
        return statuses and statuses[0].restart_count == 1 and statuses[0].state.running

    _until(status)


def test_a_service_reaches_pods_that_are_ready(objects: Objects, core: client.CoreV1Api, run: Any) -> None:
    service = {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": "http"}]}
    objects.apply([{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": service}])
    serve = "cd /srv && echo found > page && sleep 2 && exec python3 -m http.server 28471 --bind 127.0.0.1"
    run(
        "server",
        serve,
        {
            "ports": [{"name": "http", "containerPort": 28471}],
            "readinessProbe": {"httpGet": {"port": 28471, "path": "/page"}},
        },
    )
    fetch = "import urllib.request as r; print(r.urlopen('http://web.default.svc/page').read().decode())"
    run("client", f'until python3 -c "{fetch}"; do sleep 0.3; done')
    _until(lambda: _ended(core, "client"))
    assert _log(core, "client").rstrip().endswith("found")


def test_a_pod_waits_until_there_is_a_gpu_for_it(
    core: client.CoreV1Api, kubelet: ProcessKubelet, run: Any, phase: Any
) -> None:
    gpu = {"resources": {"limits": {"nvidia.com/gpu": "1"}}}
    run("first", "exec sleep 600", gpu)
    _until(lambda: phase("first") == "Running")
    run("second", "exit 0", gpu)

    def held_back() -> Any:
        conditions = core.read_namespaced_pod("second", "default").status.conditions or []
        return [
            each for each in conditions if each.reason == "Unschedulable" and "nvidia.com/gpu" in each.message
        ]

    _until(held_back)
    assert phase("second") == "Pending"
    kubelet.pod("first").kill()
    _until(lambda: phase("second") == "Succeeded")


def test_later_and_unknown_kinds_are_taken(objects: Objects, kubelet: ProcessKubelet) -> None:
    objects.apply_text(_LATER)
    policy = client.CustomObjectsApi(kubelet.plane.api)
    found = policy.get_namespaced_custom_object("keda.sh", "v1alpha1", "default", "scaledobjects", "scaled")
    assert found["spec"]["maxReplicaCount"] == 3


_LATER = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: scaled}
spec: {scaleTargetRef: {name: none}, maxReplicaCount: 3, triggers: []}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: kept}
spec: {minAvailable: 1, selector: {matchLabels: {app: none}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: grown}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: none}
  minReplicas: 1
  maxReplicas: 2
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 1 1 *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: main, image: plain}]
"""
