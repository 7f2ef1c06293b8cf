"""What a machine of its own must have for a stage. Kubernetes is told so; nothing else asks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BASE_MB", "IDLE", "Footprint"]

#: Megabytes of a step beside its workers: its own process, and what the fork server imports for all.
BASE_MB = 1024


@dataclass(frozen=True)
class Footprint:
    """CPUs and megabytes: what is kept free for it, and the most it may take; None: no bound."""

    cpus: float
    most_cpus: int
    memory_mb: int
    most_memory_mb: int | None


#: Of a step that only looks into the store.
IDLE = Footprint(0.25, 1, BASE_MB // 2, BASE_MB)
