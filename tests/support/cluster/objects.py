"""Objects of charts and manifests, put into a cluster that may be older than they are.

`apply` is what `kubectl apply --server-side` is, with two differences: API versions that Kubernetes 1.20
lacks are written as its own, and kinds that it does not know at all are registered first, without a schema.
"""

from __future__ import annotations

import copy
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import yaml

from tests.support.cluster.control_plane import ControlPlane

__all__ = ["ApplyError", "Objects", "translated"]

#: What 1.20 has in place of later API versions. Fields that these do not have are dropped by the server.
_OLDER = {
    ("policy/v1", "PodDisruptionBudget"): "policy/v1beta1",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "autoscaling/v2beta2",
    ("batch/v1", "CronJob"): "batch/v1beta1",
}
_FIRST = ("CustomResourceDefinition", "Namespace", "PriorityClass", "StorageClass", "ServiceAccount")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


class ApplyError(RuntimeError):
    """The API server does not take an object; the message has which, and what it said."""


def translated(item: Mapping[str, Any]) -> dict[str, Any]:
    """The object as a server of 1.20 takes it; probes by gRPC, which it lacks, look at the port alone."""
    found = copy.deepcopy(dict(item))
    version = found["apiVersion"]
    found["apiVersion"] = _OLDER.get((version, found["kind"]), version)
    # its server-side apply wants what later ones take as given
    if found["kind"] == "Service":
        _with_protocol(found["spec"].get("ports") or [])
    for container in _containers(found):
        _with_protocol(container.get("ports") or [])
        for probe in (container[name] for name in _PROBES if name in container):
            if grpc := probe.pop("grpc", None):
                probe["tcpSocket"] = {"port": grpc["port"]}
    return found


def _with_protocol(ports: list[dict[str, Any]]) -> None:
    for port in ports:
        port.setdefault("protocol", "TCP")


def _containers(item: Any) -> list[dict[str, Any]]:
    """Those of every pod template in it."""
    if isinstance(item, list):
        return [container for part in item for container in _containers(part)]
    if not isinstance(item, dict):
        return []
    own = [container for key in ("initContainers", "containers") for container in item.get(key) or []]
    return own + [found for key, part in item.items() if key != "containers" for found in _containers(part)]


@dataclass(frozen=True)
class Objects:
    """The objects of a control plane."""

    plane: ControlPlane

    def apply(self, objects: Iterable[Mapping[str, Any]], namespace: str = "default") -> None:
        """Make or change them, those first that others need. Raises `ApplyError`."""
        given = [translated(item) for item in objects]
        given.sort(key=lambda item: _FIRST.index(item["kind"]) if item["kind"] in _FIRST else len(_FIRST))
        with self._client() as http:
            for item in given:
                path = self._path(http, item, namespace)
                answer = http.patch(
                    path,
                    content=yaml.safe_dump(item),
                    headers={"Content-Type": "application/apply-patch+yaml"},
                    params={"fieldManager": "docmill", "force": "true"},
                )
                if answer.is_error:
                    raise ApplyError(f"{item['kind']} {item['metadata']['name']}: {answer.text}")

    def apply_text(self, manifests: str, namespace: str = "default") -> None:
        """The documents of a text in YAML, as a chart renders to. Raises `ApplyError`."""
        self.apply([item for item in yaml.safe_load_all(manifests) if item], namespace)

    def _client(self) -> httpx2.Client:
        written = yaml.safe_load(self.plane.kubeconfig("admin").read_text())
        token = written["users"][0]["user"]["token"]
        return httpx2.Client(
            base_url=f"https://127.0.0.1:{self.plane.port}",
            headers={"Authorization": f"Bearer {token}"},
            verify=ssl.create_default_context(cafile=str(self.plane.folder / "api/apiserver.crt")),
            timeout=30.0,
        )

    def _path(self, http: httpx2.Client, item: Mapping[str, Any], namespace: str) -> str:
        version, kind = item["apiVersion"], item["kind"]
        found = self._resource(http, version, kind)
        if found is None:
            self._register(http, version, kind)
            found = self._resource(http, version, kind)
        if found is None:
            raise ApplyError(f"the server does not know {kind} of {version}")
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        space = item["metadata"].get("namespace", namespace)
        scope = f"/namespaces/{space}" if found["namespaced"] else ""
        return f"{root}{scope}/{found['name']}/{item['metadata']['name']}"

    def _resource(self, http: httpx2.Client, version: str, kind: str) -> dict[str, Any] | None:
        answer = http.get(f"/apis/{version}" if "/" in version else f"/api/{version}")
        if answer.status_code == 404:
            return None
        resources: list[dict[str, Any]] = answer.raise_for_status().json()["resources"]
        return next((each for each in resources if each["kind"] == kind and "/" not in each["name"]), None)

    def _register(self, http: httpx2.Client, version: str, kind: str) -> None:
        """A kind of somebody's operator: known by name, and whatever is in it."""
        group, _, number = version.partition("/")
        if "." not in group or group.endswith(".k8s.io"):
            return
        plural = f"{kind.lower()}s"
        anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        served = {"name": number, "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
        self.apply(
            [
                {
                    "apiVersion": "apiextensions.k8s.io/v1",
                    "kind": "CustomResourceDefinition",
                    "metadata": {"name": f"{plural}.{group}"},
                    "spec": {
                        "group": group,
                        "scope": "Namespaced",
                        "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                        "versions": [served],
                    },
                }
            ]
        )
        _wait_until(lambda: self._resource(http, version, kind) is not None)


def _wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
