"""docmill's image in real containers: Kubernetes' own kubelet, containerd and runc.

Runs of the chart are pods of that node; the rest of docmill is on the node of processes, since nothing here
gives services their addresses.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from kubernetes import client

from tests.cluster.installing import CHART_IMAGE, installed, rendered_chart
from tests.support.cluster.control_plane import ControlPlane
from tests.support.cluster.machines.archives import ImageConfig
from tests.support.cluster.machines.forwarding import forwarded
from tests.support.cluster.machines.machine import ADDRESS, Machine
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.deployment import ROOT
from tests.support.image.built import Built

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(3600)]

#: Pods come to the node by its label, and other tests' stay away by its taint.
POOL = "docmill.dev/containers"
PLACED: dict[str, Any] = {
    "nodeSelector": {POOL: "true"},
    "tolerations": [{"key": POOL, "operator": "Exists", "effect": "NoSchedule"}],
}
SAMPLES = ("two_column_paper.pdf", "financial_statement.pdf", "annual_report.pdf")
_LIMIT_S = 600.0

_LOOK = """
id -u
grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/self/status
touch /x /opt/docmill/x 2>&1
touch /tmp/x /var/lib/docmill/x && echo written
python -c "import socket; socket.create_connection(('192.0.2.1', 443), 5)" 2>&1 | tail -1
"""


@pytest.fixture(scope="module")
def machine(plane: ControlPlane, image: Built) -> Iterator[Machine]:
    folder = plane.folder / "machine"
    with Machine(plane, folder, {POOL: "true"}, [f"{POOL}=:NoSchedule"]) as made:
        stage = image.stage
        config = ImageConfig(stage.command, stage.environment, stage.user, stage.folder)
        with image.root.mounted(folder / "root") as root:
            made.containerd.load(f"docker.io/library/{CHART_IMAGE}", root, config)
        yield made


@pytest.fixture
def run(objects: Objects, machine: Machine, plane: ControlPlane) -> Iterator[Callable[..., Any]]:
    """Makes a pod of one container as the chart's are, and waits for its end."""
    core = client.CoreV1Api(plane.api)
    rendered = rendered_chart("default")
    told = rendered.one("Deployment", "daemon")["spec"]["template"]["spec"]
    volumes: list[dict[str, Any]] = [{"name": name, "emptyDir": {}} for name in ("tmp", "home")]
    mounts = [{"name": "tmp", "mountPath": "/tmp"}, {"name": "home", "mountPath": "/var/lib/docmill"}]

    def run(name: str, command: list[str], **container: Any) -> Any:
        one = {
            "name": "main",
            "image": CHART_IMAGE,
            "imagePullPolicy": "Never",
            "command": command,
            "securityContext": told["containers"][0]["securityContext"],
            "volumeMounts": mounts,
            **container,
        }
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": told["securityContext"],
            "containers": [one],
            "volumes": volumes,
            **PLACED,
        }
        objects.apply([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}])
        deadline = time.monotonic() + _LIMIT_S
        while True:
            [status] = core.read_namespaced_pod(name, "default").status.container_statuses or [None]
            if status and (ended := status.state.terminated):
                return ended
            if status and status.state.waiting and status.state.waiting.reason not in _STARTING:
                return status.state.waiting
            assert time.monotonic() < deadline, status
            time.sleep(0.3)

    yield run
    core.delete_collection_namespaced_pod("default", grace_period_seconds=1)
    while core.list_namespaced_pod("default").items:
        time.sleep(0.3)


_STARTING = ("ContainerCreating", "PodInitializing")


def test_what_restricted_forbids_is_forbidden(run: Callable[..., Any], plane: ControlPlane) -> None:
    assert run("looks", ["sh", "-c", _LOOK]).exit_code == 0
    answer = client.CoreV1Api(plane.api).read_namespaced_pod_log("looks", "default", _preload_content=False)
    said = answer.data.decode().splitlines()
    assert said[0] == "10001"
    status = dict(line.split(":\t") for line in said[1:5])
    assert status == {"CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}
    assert [line.rpartition(": ")[2] for line in said[5:7]] == ["Read-only file system"] * 2
    assert said[7] == "written"
    assert "Network is unreachable" in said[8]


def test_a_program_of_root_is_not_started(run: Callable[..., Any]) -> None:
    security = {"runAsNonRoot": True, "runAsUser": 0}
    waits = run("root", ["true"], securityContext=security)
    assert (waits.reason, "non-root" in waits.message) == ("CreateContainerConfigError", True)


def test_who_takes_more_memory_than_it_may_is_killed(run: Callable[..., Any]) -> None:
    ended = run("greedy", ["python", "-c", "x = b'x' * (1 << 28)"], resources={"limits": {"memory": "64Mi"}})
    assert (ended.reason, ended.exit_code) == ("OOMKilled", 137)


def test_runs_are_containers_and_one_that_is_killed_is_done_again(
    objects: Objects, kubelet: ProcessKubelet, machine: Machine, database: str, tmp_path: Path
) -> None:
    expected = _converted(tmp_path)
    at = urlsplit(database)
    assert at.port is not None
    reached = at._replace(netloc=f"{at.username}@{ADDRESS}:{at.port}").geturl()
    # its folder is of this machine, so of both nodes
    values = {"runs": PLACED, "persistence": {"accessMode": "ReadWriteMany"}}
    rendered = rendered_chart("contained", values)
    with (
        forwarded(ADDRESS, [at.port]),
        installed(objects, kubelet, rendered, reached, "contained") as chart,
    ):
        chart.put(*SAMPLES)

        def at_work() -> str:
            """The container of a run of which something is in the store."""
            if not list((chart.data / "store").glob("documents/**/*.zst")):
                return ""
            for pod in chart.core.list_namespaced_pod("contained").items:
                if pod.spec.node_name != kubelet.name and pod.status.phase == "Running":
                    return str(pod.status.container_statuses[0].container_id)
            return ""

        machine.containerd.kill(chart.until(at_work))
        found = chart.until(lambda: chart.written(len(SAMPLES)))
        chart.until(lambda: [job for job in chart.jobs() if job.status.succeeded])
        jobs = chart.jobs()
        pods = chart.core.list_namespaced_pod("contained", label_selector="dagster/run-id").items
        ended = [pod.status.container_statuses[0].state.terminated.exit_code for pod in pods]
        nodes = {pod.spec.node_name for pod in pods}
        stages = [path.parent for path in (chart.data / "store").glob("documents/**/*.json.zst")]
    assert found == expected
    assert sorted(ended) == [0, 137]
    assert nodes == {"machine"}
    assert len(jobs) == 2
    # nothing is there twice
    assert len(stages) == len(set(stages))


def _converted(folder: Path) -> dict[str, bytes]:
    """The same files, converted by this checkout."""
    (folder / "in").mkdir()
    for name in SAMPLES:
        (folder / "in" / name).write_bytes((ROOT / "tests/samples" / name).read_bytes())
    command = [sys.executable, "-m", "docmill.pipeline.cli", "convert", str(folder / "in")]
    subprocess.run([*command, "--out", str(folder / "out"), "--format", "md"], cwd=ROOT, check=True)
    return {path.name.partition(".")[0]: path.read_bytes() for path in (folder / "out").glob("*.md")}
