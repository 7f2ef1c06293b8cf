"""Resource `workers`: the killable processes in which documents are worked on."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from docmill.resources.settings.cpus import usable_cpus

__all__ = ["Workers"]


class Workers(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The killable processes in which documents are worked on."""

    count: int = Field(default=0, ge=0, description="Worker processes of a step. 0: one per CPU")
    memory_mb: int = Field(default=4096, ge=0, description="Private memory of one worker; 0: no limit")
    task_seconds: float = Field(
        default=120.0, gt=0, description="Time limit for up to 8 pages of a document in one stage"
    )
    document_seconds: float = Field(
        default=900.0, gt=0, description="Time limit for what is done on a document as a whole"
    )

    @property
    def processes(self) -> int:
        """The number of workers, `count` or as many as CPUs this process may use."""
        return self.count or usable_cpus()
