"""What Kubernetes is told of the pod of a step; wherever there is none, nobody reads it."""

from __future__ import annotations

from typing import Any

from docmill.pipeline.stages.footprint import Footprint

__all__ = ["pod_tags"]


def pod_tags(footprint: Footprint) -> dict[str, Any]:
    """The tags of an op by which `k8s_job_executor` makes its container.

    A step asks nothing of Kubernetes, and what reads hostile PDFs has no token of it.
    Dagster reads `dagster-k8s/config` at each step:
    https://docs.dagster.io/deployment/oss/deployment-options/kubernetes/customizing-your-deployment
    """
    requests = {"cpu": f"{footprint.cpus * 1000:.0f}m", "memory": f"{footprint.memory_mb}Mi"}
    limits = {"cpu": str(footprint.most_cpus)}
    if footprint.most_memory_mb is not None:
        limits["memory"] = f"{footprint.most_memory_mb}Mi"
    resources = {"requests": requests, "limits": limits}
    return {
        "dagster-k8s/config": {
            "container_config": {"resources": resources},
            "pod_spec_config": {"automount_service_account_token": False},
        }
    }
