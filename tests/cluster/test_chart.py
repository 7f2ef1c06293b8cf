"""The chart of docmill, installed: it starts, converts what comes into its inbox, and passes its tests."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from tests.charts.rendering import CHARTS, Case, Rendered, render
from tests.support.cluster.containers import Image, Mount
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.deployment import ROOT
from tests.support.model_cache import weights
from tests.support.postgres import PostgresServer

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(2400)]

_SAMPLES = ("two_column_paper.pdf", "financial_statement.pdf", "encrypted.pdf")
_NAMESPACE = "docs"


def _image() -> Image:
    """As deploy/Dockerfile makes it, with this checkout in place of a wheel.

    The checkout is mounted where it is: the pods have a /tmp of their own, and it may lie there.
    """
    programs = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    environment = {
        "PATH": programs,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "DOCMILL_HOME": "/var/lib/docmill",
        "DOCMILL_MODELS": "/opt/models",
    }
    here = {ROOT, Path(sys.prefix), Path(sys.prefix).resolve(), Path(sys.prefix).resolve().parent}
    mounts = [Mount(folder, str(folder), read_only=True) for folder in sorted(here)]
    models = Mount(weights("layout").parent, "/opt/models", read_only=True)
    return Image(environment, folder="/var/lib/docmill", mounts=(*mounts, models))


@pytest.fixture
def database() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with PostgresServer(port) as server:
        yield server.database("dagster")


@pytest.fixture
def rendered() -> Rendered:
    chart = CHARTS / "docmill"
    values: dict[str, Any] = {
        "image": {"repository": "docmill", "tag": "chart", "pullPolicy": "Never"},
        "postgresql": {"existingSecret": "database", "cidrs": ["127.0.0.0/8"]},
        "settings": {"inbox": {"settle_seconds": 0, "max_wait_seconds": 5}},
    }
    (found,) = render([Case(chart, (chart / "values-kind.yaml",), values, namespace=_NAMESPACE)])
    assert not found.error
    return found


def _until(condition: Callable[[], Any], why: Callable[[], Any], seconds: float = 600.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(why())
        time.sleep(0.5)
    return found


def test_the_chart_installs_and_converts(
    objects: Objects, kubelet: ProcessKubelet, rendered: Rendered, database: str
) -> None:
    core, apps = client.CoreV1Api(kubelet.plane.api), client.AppsV1Api(kubelet.plane.api)
    kubelet.images = {**kubelet.images, "docmill:chart": _image()}
    objects.apply(
        [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}},
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {
                    "name": "folders",
                    "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                },
                "provisioner": "kubernetes.io/host-path",
                "reclaimPolicy": "Delete",
            },
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "database"},
                "stringData": {"url": database},
            },
        ],
        _NAMESPACE,
    )
    installed = [each for each in rendered.objects if "helm.sh/hook" not in _annotations(each)]
    try:
        objects.apply(installed, _NAMESPACE)

        def said() -> str:
            return "\n".join(
                f"{pod.metadata.name} {pod.status.phase} {pod.status.container_statuses}\n"
                + kubelet.pod(pod.metadata.name, _NAMESPACE).said(2000)
                for pod in core.list_namespaced_pod(_NAMESPACE).items
            )

        def ready() -> bool:
            found = apps.list_namespaced_deployment(_NAMESPACE).items
            return all(each.status.ready_replicas == each.spec.replicas for each in found)

        _until(ready, said)
        (claim,) = core.list_namespaced_persistent_volume_claim(_NAMESPACE).items
        data = Path(core.read_persistent_volume(claim.spec.volume_name).spec.host_path.path)
        (data / "inbox").mkdir(mode=0o777, exist_ok=True)
        for name in _SAMPLES:
            (data / "inbox" / name).write_bytes((ROOT / "tests/samples" / name).read_bytes())

        def written() -> list[str]:
            found = sorted(path.name for path in (data / "out").glob("*.md"))
            return found if len(found) == len(_SAMPLES) - 1 else []

        names = _until(written, said)
        assert [name.partition(".")[0] for name in names] == ["financial_statement", "two_column_paper"]
        batch = client.BatchV1Api(kubelet.plane.api)

        def runs() -> list[Any]:
            return [job for job in batch.list_namespaced_job(_NAMESPACE).items if job.status.succeeded]

        (run,) = _until(runs, said)
        assert run.metadata.labels["app.kubernetes.io/component"] == "run_worker"
        tests = [each for each in rendered.objects if each["kind"] == "Pod" and each not in installed]
        objects.apply(tests, _NAMESPACE)
        for each in tests:
            name = each["metadata"]["name"]
            _until(partial(_over, core, name), said)
            assert core.read_namespaced_pod(name, _NAMESPACE).status.phase == "Succeeded", said()
    finally:
        core.delete_namespace(_NAMESPACE)
        # the volume goes with its claim, and its folder with it
        _until(lambda: not core.list_persistent_volume().items, lambda: "its volume stays", 300)


def _over(core: client.CoreV1Api, pod: str) -> bool:
    return core.read_namespaced_pod(pod, _NAMESPACE).status.phase in ("Succeeded", "Failed")


def _annotations(item: Any) -> dict[str, str]:
    found: dict[str, str] = item["metadata"].get("annotations") or {}
    return found
