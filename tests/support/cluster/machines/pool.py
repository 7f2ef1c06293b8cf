"""Machines that come and go: a pool of nodes, of which there is one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from kubernetes import client

from tests.support.cluster.containers import Image
from tests.support.cluster.control_plane import ControlPlane
from tests.support.cluster.process_kubelet import ProcessKubelet

__all__ = ["POOL", "Pool"]

#: Pods are sent to a pool by it.
POOL = "docmill.dev/pool"
_GONE = "DeletionByPodGC"


@dataclass
class Pool:
    """Use as a context manager. When its machine is lost another one comes, as a cloud sees to it."""

    plane: ControlPlane
    folder: Path
    images: Mapping[str, Image]
    name: str
    machines: list[ProcessKubelet] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Pool:
        self._add()
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def lose(self) -> None:
        """The machine loses power, and the cloud takes its node out of the cluster, as one that is gone.

        Kubernetes collects the pods of nodes that are not there, and since 1.26 it says before that they have
        failed. That is done here, as 1.20 lacks it: its Jobs would start such a pod again.
        """
        core, lost = client.CoreV1Api(self.plane.api), self.machines[-1]
        lost.lose()
        self._add()
        disrupted = {"type": "DisruptionTarget", "status": "True", "reason": _GONE}
        status = {"phase": "Failed", "reason": _GONE, "conditions": [disrupted]}
        for pod in core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={lost.name}").items:
            if pod.status.phase not in ("Succeeded", "Failed"):
                name, namespace = pod.metadata.name, pod.metadata.namespace
                core.patch_namespaced_pod_status(name, namespace, {"status": status})
        core.delete_node(lost.name)

    def _add(self) -> None:
        name = f"{self.name}-{len(self.machines)}"
        machine = ProcessKubelet(
            self.plane, self.folder / name, self.images, name=name, labels={POOL: self.name}
        )
        self.machines.append(self._open.enter_context(machine))
