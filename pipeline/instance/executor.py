"""Where steps run: in the run's own process, or a Kubernetes pod each."""

from __future__ import annotations

import os

import dagster as dg

from docmill.pipeline.convert.extras import need

__all__ = ["executor"]


def executor() -> dg.ExecutorDefinition:
    """`k8s_job_executor` when $DOCMILL_EXECUTOR is `k8s`, the in-process executor otherwise.

    A batch's steps hand each other nothing but artifacts, so one process serves a batch best; a pod per step
    pays where steps need different machines. The Kubernetes executor needs the K8sRunLauncher, and raises
    `MissingExtraError` without docmill[kubernetes].
    """
    if os.environ.get("DOCMILL_EXECUTOR") != "k8s":
        return dg.in_process_executor
    need("kubernetes", "DOCMILL_EXECUTOR=k8s")
    from dagster_k8s import k8s_job_executor  # seconds to import, and needed in clusters only

    return k8s_job_executor
