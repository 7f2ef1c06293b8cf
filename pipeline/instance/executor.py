"""Where steps run: in the run's own process, or a Kubernetes pod each."""

from __future__ import annotations

from typing import Any, Literal

import dagster as dg
from pydantic import BaseModel, Field

from docmill.pipeline.convert.extras import need

__all__ = ["Execution"]


class Execution(BaseModel):
    """How runs are executed."""

    executor: Literal["in_process", "k8s"] = Field(
        default="in_process",
        description="k8s: a pod for every step, which pays where steps need different machines; needs the "
        "K8sRunLauncher and docmill[kubernetes]",
    )

    pages_per_pod: int = Field(
        default=0,
        ge=0,
        description="Divide a stage that has more pages to do of a batch among steps of so many pages each, "
        "which run at once where the executor lets them: docs/long-documents.md; 0: never",
    )

    warm: bool = Field(
        default=True,
        description="On Linux, fork runs of one process of their code server, which has everything imported",
    )

    k8s: dict[str, Any] = Field(
        default={},
        description="k8s: what Dagster's k8s_job_executor is configured with, e.g. max_concurrent, or "
        "step_k8s_config with the tolerations of steps' pods",
    )

    def definition(self) -> dg.ExecutorDefinition:
        """The executor. Raises `MissingExtraError` where it needs an extra.

        A batch's steps hand each other nothing but artifacts, so one process serves a batch best.
        """
        if self.executor == "in_process":
            return dg.in_process_executor
        need("kubernetes", "the executor k8s")
        from dagster_k8s import k8s_job_executor  # seconds to import, and needed in clusters only

        return k8s_job_executor.configured(self.k8s, name=self.executor) if self.k8s else k8s_job_executor
