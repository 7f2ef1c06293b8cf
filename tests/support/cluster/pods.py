"""A pod on the node: its containers started, restarted, probed and ended, and its status told."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from kubernetes import client

from tests.support.cluster.containers import Container, ContainerPlan, Image
from tests.support.cluster.contents import Contents, ContentsError, expanded, quantity

__all__ = ["RunningPod"]

#: Between looks at what a pod does.
_LOOK_S = 0.2
#: A container that ended is started again after so long, then twice as long; a kubelet begins with 10 s.
_FIRST_DELAY_S, _LAST_DELAY_S = 1.0, 30.0


@dataclass
class _Slot:
    """A container of the spec, and what has become of it."""

    spec: Any
    running: Container | None = None
    started: str = ""
    waiting: str = "ContainerCreating"
    message: str = ""
    last: dict[str, Any] | None = None
    restarts: int = 0
    ready: bool = False
    delay_s: float = _FIRST_DELAY_S
    due: float = 0.0

    @property
    def code(self) -> int | None:
        """What it ended with."""
        return None if self.last is None or self.running else int(self.last["exitCode"])

    def status(self) -> dict[str, Any]:
        state: dict[str, Any]
        if self.running:
            state = {"running": {"startedAt": self.started}}
        elif self.last and not self.due:
            state = {"terminated": self.last}
        else:
            state = {"waiting": {"reason": self.waiting, "message": self.message}}
        return {
            "name": self.spec.name,
            "image": self.spec.image,
            "imageID": "",
            "ready": self.ready,
            "started": self.running is not None,
            "restartCount": self.restarts,
            "state": state,
            **({"lastState": {"terminated": self.last}} if self.last and self.restarts else {}),
        }


@dataclass
class RunningPod:
    """A thread that does what the pod says, until it is over or deleted."""

    api: client.ApiClient
    pod: Any
    folder: Path
    images: Mapping[str, Image]
    #: Of the cluster: where the API server is, what service names mean.
    environment: Mapping[str, str]
    hosts: Path
    _deleted_s: float | None = None
    _lost: bool = False
    _told: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.key = f"{self.pod.metadata.namespace}/{self.pod.metadata.name}"
        self._contents = Contents(self.api, self.pod, self.folder)
        self._stop = threading.Event()
        self._before = [_Slot(each) for each in self.pod.spec.init_containers or []]
        self._slots = [_Slot(each) for each in self.pod.spec.containers]
        self._begun = _now()
        self._thread = threading.Thread(target=self._run, name=self.key, daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether services send to it."""
        return self._deleted_s is None and all(slot.ready for slot in self._slots)

    @property
    def codes(self) -> list[int | None]:
        """What its containers ended with."""
        return [slot.code for slot in self._slots]

    @property
    def over(self) -> bool:
        """Whether nothing more is done about it here."""
        return not self._thread.is_alive()

    def delete(self, grace_s: float) -> None:
        """It is to end: asked at first, and killed after so long."""
        self._deleted_s = grace_s
        self._stop.set()

    def kill(self) -> None:
        """All its processes at once, as a machine's kernel does."""
        for container in self._running():
            container.kill()

    def lose(self) -> None:
        """Its machine has lost power: all its processes end at once, and nobody tells of it."""
        self._lost = True
        self._stop.set()
        self.kill()

    def join(self) -> None:
        """Until it is over."""
        self._thread.join()

    def log(self, container: str) -> Path:
        """What a container said, over all its restarts."""
        return self.folder / f"{container}.log"

    def said(self, most: int) -> str:
        """The last characters of what each of its containers said."""
        found = {slot.spec.name: self.log(slot.spec.name) for slot in (*self._before, *self._slots)}
        return "\n".join(
            f"{name}: {log.read_text(errors='replace')[-most:]}"
            for name, log in found.items()
            if log.exists()
        )

    def _run(self) -> None:
        try:
            if self._all_done(self._before):
                while not self._stop.is_set() and self._phase() in ("Pending", "Running"):
                    for slot in self._slots:
                        self._attend(slot, self.pod.spec.restart_policy)
                    self._tell()
                    self._stop.wait(_LOOK_S)
            if self._deleted_s is not None:
                self._end(self._deleted_s)
            self._tell()
        except client.ApiException as error:
            if error.status != 404:  # the pod's object is gone
                raise
        finally:
            self.kill()
            for slot in (*self._before, *self._slots):
                if slot.running:
                    slot.running.wait(60)
                    slot.running.end()

    def _all_done(self, slots: Sequence[_Slot]) -> bool:
        """Run init containers one after the other; whether all of them ended well."""
        for slot in slots:
            again = "Never" if self.pod.spec.restart_policy == "Never" else "OnFailure"
            while slot.code != 0:
                if self._stop.is_set() or (slot.code is not None and again == "Never"):
                    return False
                self._attend(slot, again)
                self._tell()
                self._stop.wait(_LOOK_S)
        return True

    def _attend(self, slot: _Slot, restart: str) -> None:
        """Start what is not there, and see what has ended."""
        if slot.running is None:
            if time.monotonic() >= slot.due and (slot.last is None or slot.due):
                self._start(slot)
            return
        code = slot.running.wait(0)
        if code is None:
            slot.ready = _probe(slot.spec.readiness_probe, slot.spec)
            return
        starved = slot.running.end()
        slot.running, slot.ready = None, False
        reason = "OOMKilled" if starved else "Completed" if code == 0 else "Error"
        slot.last = {"exitCode": code, "reason": reason, "startedAt": slot.started, "finishedAt": _now()}
        if restart == "Always" or (restart == "OnFailure" and code != 0):
            slot.waiting, slot.message = "CrashLoopBackOff", f"ended with {code}"
            slot.due = time.monotonic() + slot.delay_s
            slot.delay_s = min(2 * slot.delay_s, _LAST_DELAY_S)
            slot.restarts += 1
        else:
            slot.due = 0.0

    def _start(self, slot: _Slot) -> None:
        image = self.images.get(slot.spec.image)
        if image is None:
            slot.waiting, slot.message = "ErrImageNeverPull", f"no image {slot.spec.image} on this node"
            return
        try:
            plan = self._plan(slot, image)
        except ContentsError as error:
            slot.waiting, slot.message = "CreateContainerConfigError", str(error)
            return
        slot.running, slot.started, slot.due = Container(plan), _now(), 0.0

    def _plan(self, slot: _Slot, image: Image) -> ContainerPlan:
        spec, meta = slot.spec, self.pod.metadata
        own = self._contents.environment(spec)
        environment = {**image.environment, "HOSTNAME": meta.name, **self.environment, **own}
        command = [*(spec.command or image.command), *(spec.args or [])]
        limits = (spec.resources and spec.resources.limits) or {}
        security = spec.security_context
        user = (security and security.run_as_user) or self.pod.spec.security_context.run_as_user
        return ContainerPlan(
            key=f"{meta.uid}-{spec.name}-{slot.restarts}",
            command=[expanded(part, environment) for part in command],
            environment=environment,
            folder=spec.working_dir or image.folder,
            mounts=[*self._contents.mounts(spec), *image.mounts],
            host_name=meta.name,
            hosts=self.hosts,
            log=self.log(spec.name),
            user=f"{user}:{user}" if user else "",
            read_only=bool(security and security.read_only_root_filesystem),
            memory_bytes=int(quantity(limits["memory"])) if "memory" in limits else None,
        )

    def _end(self, grace_s: float) -> None:
        """Let it do what it does before, ask, wait, kill; then the API server may forget the pod."""
        deadline = time.monotonic() + grace_s
        self._before_end(deadline)
        for container in self._running():
            container.terminate()
        while self._running():
            if time.monotonic() > deadline:
                self.kill()
            for slot in (*self._before, *self._slots):
                if slot.running:
                    self._attend(slot, "Never")
            time.sleep(_LOOK_S / 4)
        self._tell()
        meta = self.pod.metadata
        client.CoreV1Api(self.api).delete_namespaced_pod(
            meta.name,
            meta.namespace,
            body=client.V1DeleteOptions(
                grace_period_seconds=0, preconditions=client.V1Preconditions(uid=meta.uid)
            ),
        )

    def _before_end(self, deadline: float) -> None:
        """The containers' `preStop` commands, all at once, within the pod's grace."""
        hooks = []
        for slot in self._slots:
            hook = slot.spec.lifecycle and slot.spec.lifecycle.pre_stop
            if slot.running and hook and hook._exec:
                hooks.append(slot.running.run(hook._exec.command))
        for process in hooks:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _running(self) -> list[Container]:
        return [slot.running for slot in (*self._before, *self._slots) if slot.running]

    def _phase(self) -> str:
        codes = [slot.code if not slot.due else None for slot in self._slots]
        if any(slot.code for slot in self._before if not slot.due):
            return "Failed"
        if None in codes:
            return "Running" if any(slot.running or slot.last for slot in self._slots) else "Pending"
        return "Failed" if any(codes) else "Succeeded"

    def _tell(self) -> None:
        """Patch the status where it is another than was told."""
        whole = all(slot.ready for slot in self._slots)
        conditions = {
            "Initialized": all(slot.code == 0 for slot in self._before),
            "ContainersReady": whole,
            "Ready": whole,
        }
        status = {
            "phase": self._phase(),
            "startTime": self._begun,
            "hostIP": "127.0.0.1",
            "podIP": "127.0.0.1",
            "podIPs": [{"ip": "127.0.0.1"}],
            "conditions": [{"type": name, "status": str(is_so)} for name, is_so in conditions.items()],
            "containerStatuses": [slot.status() for slot in self._slots],
            **({"initContainerStatuses": [slot.status() for slot in self._before]} if self._before else {}),
        }
        if self._lost or status == self._told:
            return
        meta = self.pod.metadata
        client.CoreV1Api(self.api).patch_namespaced_pod_status(
            meta.name, meta.namespace, {"metadata": {"uid": meta.uid}, "status": status}
        )
        self._told = status


def _probe(probe: Any, container: Any) -> bool:
    """Whether a running container is ready; what asks by a command is taken to be."""
    if probe is None or probe._exec:
        return True
    asked = probe.http_get or probe.tcp_socket
    ports = {port.name: port.container_port for port in container.ports or []}
    port = int(ports.get(asked.port, asked.port))
    try:
        if probe.http_get:
            address = f"http://127.0.0.1:{port}{asked.path or '/'}"
            return bool(httpx2.get(address, timeout=float(probe.timeout_seconds or 1)).is_success)
        with socket.create_connection(("127.0.0.1", port), 1.0):
            return True
    except (OSError, httpx2.TransportError):
        return False


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
