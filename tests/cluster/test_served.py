"""docmill's runs in a cluster, served by Triton, which waits for its GPU, and by vLLM; both are killed."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from kubernetes import client

from tests.acceptance import vllm_serving
from tests.acceptance.serving import environment, make_repository
from tests.cluster.deploying import DOCUMENTS, LIMIT_S, Deploy
from tests.killing.matrix import Boundary, Kill
from tests.support.cluster.kills import Passed, pass_through
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.cluster.serving import SERVED, triton_objects, vllm_objects

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(2400)]

_TRAINING = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "training"},
    "spec": {
        "restartPolicy": "Never",
        "containers": [
            {
                "name": "main",
                "image": "plain",
                "command": ["sleep", "3600"],
                "resources": {"limits": {"nvidia.com/gpu": "1"}},
            }
        ],
    },
}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _wait_for_reason(core: client.CoreV1Api, namespace: str, app: str, reason: str) -> None:
    """Until a server's pod is in this state: a condition's reason, or `Ready`."""
    deadline = time.monotonic() + 900
    while True:
        for pod in core.list_namespaced_pod(namespace, label_selector=f"app={app}").items:
            for condition in pod.status.conditions or []:
                ready = condition.type == reason and condition.status == "True"
                if ready or condition.reason == reason:
                    return
        assert time.monotonic() < deadline, f"the pod of {app} does not become {reason}"
        time.sleep(0.3)


def test_a_triton_server_is_waited_for_used_and_killed(
    deploy: Deploy, undisturbed: Passed, kubelet: ProcessKubelet, objects: Objects, tmp_path: Path
) -> None:
    environment()
    http, grpc, metrics = _free_ports(3)
    triton = triton_objects(make_repository(tmp_path / "repository"), http, grpc, metrics)
    # asked about the same pages as the embedded models are
    variables = {
        **SERVED,
        "DOCMILL_TRITON_URL": "triton.served.svc:8001",
        "DOCMILL_LAYOUT_DETECTOR": "auto",
    }
    core = client.CoreV1Api(kubelet.plane.api)
    objects.apply([_TRAINING])
    while core.read_namespaced_pod("training", "default").status.phase != "Running":
        time.sleep(0.3)
    with deploy("served", 10, variables, others=triton) as deployment:
        _wait_for_reason(core, "served", "triton", "Unschedulable")
        core.delete_namespaced_pod("training", "default", grace_period_seconds=1)
        _wait_for_reason(core, "served", "triton", "Ready")
        kills = [[Kill("triton", Boundary("layout", "first"))], [Kill("triton", Boundary("tables", "first"))]]
        passed = pass_through(deployment, DOCUMENTS, 10, kills, LIMIT_S)
        (pod,) = core.list_namespaced_pod("served", label_selector="app=triton").items
        assert pod.status.container_statuses[0].restart_count == 2
    assert not passed.left
    found = passed.findings
    assert (found.lost, found.twice, found.repeated, found.rewritten) == ([], [], [], [])
    assert set(found.runs.values()) == {1}
    # the same models compute, there as here
    markdown = {name: data for name, data in passed.outputs.items() if name.endswith(".md")}
    assert markdown == {name: data for name, data in undisturbed.outputs.items() if name.endswith(".md")}


def test_pages_are_read_by_a_vllm_server_that_is_killed(
    deploy: Deploy, kubelet: ProcessKubelet, tmp_path: Path
) -> None:
    vllm_serving.environment()
    (port,) = _free_ports(1)
    core = client.CoreV1Api(kubelet.plane.api)
    variables = {
        "DOCMILL_UNDERSTANDING_MODE": "all",
        "DOCMILL_VLLM_URL": "http://vllm.understood.svc:8000",
        "DOCMILL_VLLM_PATIENCE_S": "900",
    }
    pdf = vllm_serving.learned_document(tmp_path / "learned", 2)
    with deploy("understood", 1, variables, others=vllm_objects(port)) as deployment:
        _wait_for_reason(core, "understood", "vllm", "Ready")
        deployment.inbox.write(pdf.name, pdf.read_bytes())
        deployment.until(lambda: vllm_serving.answered(f"http://127.0.0.1:{port}") > 0, LIMIT_S)
        deployment.kill_labelled("vllm")
        rows = deployment.wait(1, LIMIT_S)
        assert rows[pdf.name].state == "converted"
        _wait_for_reason(core, "understood", "vllm", "Ready")
        (pod,) = core.list_namespaced_pod("understood", label_selector="app=vllm").items
        assert pod.status.container_statuses[0].restart_count == 1
