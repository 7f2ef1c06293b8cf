"""The Deployment that is scaled, and its HorizontalPodAutoscaler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes import client

from tests.support.cluster.scaling.adapter import Look

__all__ = ["Target", "waiting"]


@dataclass
class Target:
    """The Deployment that is scaled."""

    api: client.ApiClient
    name: str
    namespace: str = "default"

    @property
    def replicas(self) -> int:
        """Those asked for."""
        scale = client.AppsV1Api(self.api).read_namespaced_deployment_scale(self.name, self.namespace)
        return int(scale.spec.replicas or 0)

    def scale(self, replicas: int) -> None:
        """Ask for others."""
        wanted = {"spec": {"replicas": replicas}}
        client.AppsV1Api(self.api).patch_namespaced_deployment_scale(self.name, self.namespace, wanted)

    def remove(self) -> None:
        """Both are gone from now on."""
        scalers = client.AutoscalingV1Api(self.api)
        scalers.delete_namespaced_horizontal_pod_autoscaler(f"keda-hpa-{self.name}", self.namespace)
        client.AppsV1Api(self.api).delete_namespaced_deployment(self.name, self.namespace)

    def look(self) -> Look:
        """How things are now."""
        found = client.AppsV1Api(self.api).read_namespaced_deployment(self.name, self.namespace)
        scaler = client.CustomObjectsApi(self.api).get_namespaced_custom_object(
            "autoscaling", "v2beta2", self.namespace, "horizontalpodautoscalers", f"keda-hpa-{self.name}"
        )
        conditions = scaler.get("status", {}).get("conditions") or ()
        active = any(each["type"] == "ScalingActive" and each["status"] == "True" for each in conditions)
        reasons = [each["reason"] for each in conditions if each["type"] == "ScalingActive"]
        return Look(
            found.spec.replicas or 0,
            found.status.replicas or 0,
            found.status.ready_replicas or 0,
            active,
            reasons[0] if reasons else "",
        )


def waiting(name: str, container: Mapping[str, Any]) -> dict[str, Any]:
    """A Deployment of this container, which nobody has asked for a replica of."""
    labels = {"app": name}
    spec = {"containers": [{"name": "main", **container}], "terminationGracePeriodSeconds": 0}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
