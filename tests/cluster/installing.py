"""docmill's chart installed on the node of processes, with a database outside."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client

from tests.charts.rendering import CHARTS, Case, Rendered, render
from tests.support.cluster.containers import Image, Mount
from tests.support.cluster.objects import Objects
from tests.support.cluster.process_kubelet import ProcessKubelet
from tests.support.deployment import ROOT
from tests.support.model_cache import all_weights

__all__ = ["CHART_IMAGE", "Installed", "installed", "rendered_chart"]

CHART_IMAGE = "docmill:chart"


def rendered_chart(namespace: str, values: Mapping[str, Any] | None = None) -> Rendered:
    """The chart as on a laptop, but for its database, and for files that are taken at once."""
    chart = CHARTS / "docmill"
    repository, _, tag = CHART_IMAGE.partition(":")
    given: dict[str, Any] = {
        "image": {"repository": repository, "tag": tag, "pullPolicy": "Never"},
        "postgresql": {"existingSecret": "database", "cidrs": ["127.0.0.0/8"]},
        "settings": {"inbox": {"settle_seconds": 0, "max_wait_seconds": 5}},
        **(values or {}),
    }
    (found,) = render([Case(chart, (chart / "values-kind.yaml",), given, namespace=namespace)])
    assert not found.error
    return found


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
    models = Mount(all_weights(), "/opt/models", read_only=True)
    return Image(environment, folder="/var/lib/docmill", mounts=(*mounts, models))


@dataclass(frozen=True)
class Installed:
    """The chart in a namespace, whose Deployments are ready."""

    kubelet: ProcessKubelet
    namespace: str
    #: All that is installed, without its tests.
    items: list[Any]

    @property
    def core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self.kubelet.plane.api)

    @property
    def data(self) -> Path:
        """The folder of its volume."""
        (claim,) = self.core.list_namespaced_persistent_volume_claim(self.namespace).items
        return Path(self.core.read_persistent_volume(claim.spec.volume_name).spec.host_path.path)

    def jobs(self) -> list[Any]:
        """Those of runs."""
        jobs: list[Any] = client.BatchV1Api(self.kubelet.plane.api).list_namespaced_job(self.namespace).items
        return jobs

    def put(self, *samples: str) -> None:
        """Files for its inbox."""
        inbox = self.data / "inbox"
        inbox.mkdir(mode=0o777, exist_ok=True)
        for name in samples:
            (inbox / name).write_bytes((ROOT / "tests/samples" / name).read_bytes())

    def written(self, documents: int) -> dict[str, bytes]:
        """So many texts by the names of their documents; none before all are there."""
        found = {path.name.partition(".")[0]: path for path in (self.data / "out").glob("*.md")}
        return {name: path.read_bytes() for name, path in found.items()} if len(found) == documents else {}

    def until(self, condition: Callable[[], Any], seconds: float = 600.0) -> Any:
        """What comes true; AssertionError with what the pods say when it does not."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(self._said())
            time.sleep(0.5)
        return found

    def _said(self) -> str:
        found = []
        for pod in self.core.list_namespaced_pod(self.namespace).items:
            name, status = pod.metadata.name, pod.status
            told = f"{name} {status.phase} {status.container_statuses}"
            if pod.spec.node_name == self.kubelet.name:
                told += "\n" + self.kubelet.pod(name, self.namespace).said(2000)
            found.append(told)
        return "\n".join(found)


@contextmanager
def installed(
    objects: Objects, kubelet: ProcessKubelet, rendered: Rendered, database: str, namespace: str
) -> Iterator[Installed]:
    """Install it, and take it away with its volume; `database` is where pods find it."""
    kubelet.images = {**kubelet.images, CHART_IMAGE: _image()}
    items = [each for each in rendered.objects if "helm.sh/hook" not in _annotations(each)]
    made = Installed(kubelet, namespace, items)
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    before: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "folders", "annotations": default},
            "provisioner": "kubernetes.io/host-path",
            "reclaimPolicy": "Delete",
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "database"},
            "stringData": {"url": database},
        },
    ]
    objects.apply(before, namespace)
    apps = client.AppsV1Api(kubelet.plane.api)

    def ready() -> bool:
        found = apps.list_namespaced_deployment(namespace).items
        return all(each.status.ready_replicas == each.spec.replicas for each in found)

    try:
        objects.apply(items, namespace)
        made.until(ready)
        yield made
    finally:
        made.core.delete_namespace(namespace)
        # the volume goes with its claim, and its folder with it
        made.until(lambda: not made.core.list_persistent_volume().items, 300)


def _annotations(item: Any) -> dict[str, str]:
    found: dict[str, str] = item["metadata"].get("annotations") or {}
    return found
