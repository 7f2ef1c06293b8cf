"""A node whose kubelet runs pods as processes of this machine.

To the API server it is a node: it registers, sends its heartbeat, runs what the scheduler binds to it, tells
what became of that, and serves logs. Its GPUs are numbers that the scheduler counts, and no more.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubernetes import client

from tests.support.cluster.containers import Image
from tests.support.cluster.control_plane import ControlPlane
from tests.support.cluster.pods import RunningPod
from tests.support.cluster.services import Services

__all__ = ["CAPACITY", "ProcessKubelet"]

CAPACITY: Mapping[str, str] = {
    "cpu": "16",
    "memory": "64Gi",
    "pods": "110",
    "ephemeral-storage": "50Gi",
    "nvidia.com/gpu": "1",
}
_BEAT_S = 5.0
_LOOK_S = 0.3


@dataclass
class ProcessKubelet:
    """Use as a context manager, inside that of its control plane. `images` are those that the node has."""

    plane: ControlPlane
    folder: Path
    images: Mapping[str, Image]
    capacity: Mapping[str, str] = field(default_factory=lambda: dict(CAPACITY))
    name: str = "node-1"
    #: Of the node, beside those that every node has.
    labels: Mapping[str, str] = field(default_factory=dict)
    #: What went wrong in its own threads, to be looked at by the test.
    errors: list[BaseException] = field(default_factory=list)
    _pods: dict[str, RunningPod] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> ProcessKubelet:
        with ExitStack() as opening:
            (self.folder / "pods").mkdir(parents=True)
            opening.callback(shutil.rmtree, self.folder / "pods", ignore_errors=True)
            self._core = client.CoreV1Api(self.plane.api)
            self._stop = threading.Event()
            services = Services(self.plane.api, self._backends, self.folder / "hosts")
            self._services = opening.enter_context(services)
            opening.enter_context(self._log_server())
            self._register()
            opening.callback(self._end_pods)
            for work, pause in ((self._beat, _BEAT_S), (self._sync, _LOOK_S)):
                thread = threading.Thread(target=self._repeat, args=(work, pause), daemon=True)
                thread.start()
                self._threads.append(thread)
                opening.callback(thread.join)
            opening.callback(self._stop.set)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def pod(self, name: str, namespace: str = "default") -> RunningPod:
        """One that runs here, or did. KeyError when there is none."""
        found = [pod for pod in self._pods.values() if pod.key == f"{namespace}/{name}"]
        if not found:
            raise KeyError(name)
        return found[-1]

    def lose(self) -> None:
        """Its machine has lost power: all that runs on it ends at once, and nobody tells of it."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for pod in self._pods.values():
            pod.lose()

    def resize(self, resource: str, amount: str) -> None:
        """The node has more or less of something from now on."""
        self.capacity = {**self.capacity, resource: amount}
        self._beat()

    def _register(self) -> None:
        labels = {"kubernetes.io/hostname": self.name, "nvidia.com/gpu.present": "true", **self.labels}
        node = {"metadata": {"name": self.name, "labels": labels}}
        with suppress(client.ApiException):  # it is there from before
            self._core.create_node(node)
        self._beat()

    def _beat(self) -> None:
        now = datetime.now(UTC).isoformat()
        ready = {"type": "Ready", "status": "True", "reason": "ProcessKubelet", "lastHeartbeatTime": now}
        status = {
            "capacity": self.capacity,
            "allocatable": self.capacity,
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self._port}},
            "conditions": [ready | {"message": "runs pods as processes", "lastTransitionTime": now}],
        }
        self._core.patch_node_status(self.name, {"status": status})

    def _sync(self) -> None:
        """Start what is bound to this node, end what is deleted."""
        bound = self._core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={self.name}").items
        for pod in bound:
            uid = pod.metadata.uid
            if uid not in self._pods:
                if pod.metadata.deletion_timestamp or pod.status.phase in ("Succeeded", "Failed"):
                    self._forget(pod)
                    continue
                self._pods[uid] = RunningPod(
                    self.plane.api,
                    pod,
                    self.folder / "pods" / uid,
                    self.images,
                    self._environment(),
                    self._services.hosts(pod.metadata.namespace),
                )
            elif pod.metadata.deletion_timestamp:
                self._pods[uid].delete(float(pod.metadata.deletion_grace_period_seconds or 0))
                if self._pods[uid].over:  # before it was deleted: it has no thread that could say so
                    self._forget(pod)
        there = {pod.metadata.uid for pod in bound}
        for uid, pod in self._pods.items():
            if uid not in there:  # somebody deleted it without waiting
                pod.delete(0.0)

    def _forget(self, pod: Any) -> None:
        if pod.metadata.deletion_timestamp:
            with suppress(client.ApiException):
                self._core.delete_namespaced_pod(
                    pod.metadata.name, pod.metadata.namespace, grace_period_seconds=0
                )

    def _environment(self) -> dict[str, str]:
        return {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.plane.port)}

    def _backends(self, service: Any, port: Any) -> list[int]:
        """The ports of ready pods that a service means."""
        found = []
        for running in list(self._pods.values()):
            pod = running.pod
            labels = pod.metadata.labels or {}
            if (
                running.ready
                and pod.metadata.namespace == service.metadata.namespace
                and service.spec.selector.items() <= labels.items()
            ):
                named = {
                    each.name: each.container_port
                    for container in pod.spec.containers
                    for each in container.ports or []
                }
                found.append(int(named.get(port.target_port, port.target_port)))
        return found

    def _repeat(self, work: Any, pause_s: float) -> None:
        while not self._stop.wait(pause_s):
            try:
                work()
            except Exception as error:  # noqa: BLE001 -- the API server may be away; the test looks at it
                self.errors.append(error)

    def _end_pods(self) -> None:
        for pod in self._pods.values():
            pod.delete(0.0)
        for pod in self._pods.values():
            pod.join()

    def _log_server(self) -> ThreadingHTTPServer:
        """Serves /containerLogs/NAMESPACE/POD/CONTAINER, as the API server asks for them."""
        kubelet = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path).path.strip("/").split("/")
                try:
                    data = kubelet.pod(parts[2], parts[1]).log(parts[3]).read_bytes()
                    self.send_response(200)
                except (KeyError, IndexError, FileNotFoundError):
                    data = b"no such container\n"
                    self.send_response(404)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        key, certificate = self.folder / "kubelet.key", self.folder / "kubelet.crt"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"),
                *("-subj", f"/CN={self.name}", "-keyout", str(key), "-out", str(certificate)),
            ],
            check=True,
            capture_output=True,
        )
        server = _LogServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self._port = int(server.server_address[1])
        server.thread = threading.Thread(target=server.serve_forever, daemon=True)
        server.thread.start()
        return server


class _LogServer(ThreadingHTTPServer):
    thread: threading.Thread

    def __exit__(self, *error: Any) -> None:
        self.shutdown()
        self.thread.join()
        super().__exit__(*error)
