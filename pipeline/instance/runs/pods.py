"""Whether this process is a pod's: one that is told to stop goes on elsewhere, and at once."""

from __future__ import annotations

import os

__all__ = ["is_pod", "is_step_pod"]


def is_pod() -> bool:
    """Whether a Kubernetes cluster runs it: each container of one is told where the cluster's API is."""
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST"))


def is_step_pod() -> bool:
    """Whether it is the pod of a single step, as `k8s_job_executor` tells it."""
    return is_pod() and bool(os.environ.get("DAGSTER_RUN_STEP_KEY"))
