"""external.metrics.k8s.io of one ScaledObject: what KEDA's metrics server is to the real controller.

Values are asked of Prometheus as KEDA asks, and `fallback` stands in for those that cannot be had. Each turn
of the controller is kept with all that it was told.
"""

from __future__ import annotations

import base64
import json
import math
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from kubernetes import client, utils

from benchmarks.scaling.autoscaler import Scaling
from benchmarks.scaling.chart import fallback, of_scaled_object
from tests.support.cluster.scaling.certificates import make_authority, make_certificate

__all__ = ["Look", "Metrics", "Turn", "metric_name", "registered", "serving"]

_NAMESPACE = "kube-system"
_SERVICE = "metrics-adapter"
_ROLE = "external-metrics"
_GROUP, _VERSION = "external.metrics.k8s.io", "v1beta1"
_ROOT = f"/apis/{_GROUP}/{_VERSION}"


@dataclass(frozen=True)
class Look:
    """Replicas asked for, there, and ready; whether the controller decides, and why or why not."""

    replicas: int
    status: int
    ready: int
    active: bool
    reason: str


@dataclass
class Turn:
    """One turn of the controller; None is a value that it was not told."""

    at: float
    look: Look
    values: list[float | None] = field(default_factory=list)


@dataclass
class Metrics:
    """The values of a ScaledObject's triggers, and what the controller was told of them."""

    spec: Mapping[str, Any]
    look: Callable[[], Look]
    turns: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scaling: Scaling = of_scaled_object(self.spec)
        self._fallbacks = [fallback(self.spec) for _ in self.spec["triggers"]]

    def value(self, index: int) -> float | None:
        """A trigger's now: nothing, and what is not finite, is 0 as KEDA has it. None: it cannot be had."""
        asked = self.spec["triggers"][index]["metadata"]
        try:
            answer = httpx2.get(
                f"{asked['serverAddress']}/api/v1/query", params={"query": asked["query"]}, timeout=5
            )
            [*found] = answer.raise_for_status().json()["data"]["result"]
        except httpx2.HTTPError:
            return None
        if not found:
            return 0.0
        [one] = found
        number = float(one["value"][1])
        return number if math.isfinite(number) else 0.0

    def values(self) -> list[float | None]:
        """All triggers' now."""
        return [self.value(index) for index in range(len(self.spec["triggers"]))]

    def told(self, index: int) -> float | None:
        """What the controller is told when it asks for a trigger; the first one begins a turn."""
        if index == 0:
            self.turns.append(Turn(time.time(), self.look()))
        turn = self.turns[-1]
        trigger = self.scaling.triggers[index]
        value = self._fallbacks[index].value(self.value(index), trigger, turn.look.replicas)
        if value is not None:
            value = math.floor(value * 1000) / 1000  # as it is written
        turn.values.append(value)
        return value


def metric_name(index: int) -> str:
    """What KEDA calls a trigger's value."""
    return f"s{index}-prometheus"


@contextmanager
def registered(api: client.ApiClient, port: int, folder: Path) -> Iterator[None]:
    """The API server asks the adapter at a port, and the controller may ask it, inside.

    Makes the adapter's certificate in the control plane's folder.
    """
    # not applied: the aggregator of 1.20 ends the connection of who does that
    for each in _objects(port, folder):
        utils.create_from_dict(api, each)
    try:
        yield
    finally:
        # controllers that collect garbage wait for every API that is known
        client.ApiregistrationV1Api(api).delete_api_service(f"{_VERSION}.{_GROUP}")
        client.CoreV1Api(api).delete_namespaced_service(_SERVICE, _NAMESPACE)
        client.RbacAuthorizationV1Api(api).delete_cluster_role(_ROLE)
        client.RbacAuthorizationV1Api(api).delete_cluster_role_binding(_ROLE)


def _objects(port: int, folder: Path) -> Sequence[dict[str, Any]]:
    make_authority(folder, "adapter-ca")
    subject = f"extendedKeyUsage=serverAuth\nsubjectAltName=DNS:{_SERVICE}.{_NAMESPACE}.svc\n"
    make_certificate(folder, "adapter-ca", "adapter", subject)
    rbac = "rbac.authorization.k8s.io"
    controller = {"kind": "ServiceAccount", "name": "horizontal-pod-autoscaler", "namespace": "kube-system"}
    return (
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": _SERVICE, "namespace": _NAMESPACE},
            # endpoints may not be of loopback
            "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{_VERSION}.{_GROUP}"},
            "spec": {
                "group": _GROUP,
                "version": _VERSION,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "caBundle": base64.b64encode((folder / "adapter-ca.crt").read_bytes()).decode(),
                "service": {"namespace": _NAMESPACE, "name": _SERVICE, "port": port},
            },
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": _ROLE},
            "rules": [{"apiGroups": [_GROUP], "resources": ["*"], "verbs": ["get", "list"]}],
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": _ROLE},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": _ROLE},
            "subjects": [controller],
        },
    )


@contextmanager
def serving(metrics: Metrics, port: int, folder: Path) -> Iterator[None]:
    """The adapter at work: it answers the API server alone, which shows its certificate."""
    triggers = {metric_name(index): index for index in range(len(metrics.spec["triggers"]))}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path.rstrip("/")
            asked = path.rpartition("/")[2]
            if path == _ROOT:
                self._answer(200, _discovery(triggers))
            elif asked not in triggers:
                self._answer(404, _failure(404, f"no metric {asked}"))
            elif (value := metrics.told(triggers[asked])) is None:
                self._answer(500, _failure(500, f"{asked} cannot be had"))
            else:
                self._answer(200, _told(asked, value))

        def _answer(self, code: int, body: Mapping[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "adapter.crt", folder / "adapter.key")
    context.load_verify_locations(folder / "front-proxy-ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _discovery(names: Mapping[str, int]) -> dict[str, Any]:
    each = {"singularName": "", "namespaced": True, "kind": "ExternalMetricValueList", "verbs": ["get"]}
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{_GROUP}/{_VERSION}",
        "resources": [{"name": name, **each} for name in names],
    }


def _told(name: str, value: float) -> dict[str, Any]:
    item = {
        "metricName": name,
        "metricLabels": {},
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "value": f"{round(value * 1000)}m",
    }
    version = f"{_GROUP}/{_VERSION}"
    return {"kind": "ExternalMetricValueList", "apiVersion": version, "metadata": {}, "items": [item]}


def _failure(code: int, message: str) -> dict[str, Any]:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message}
