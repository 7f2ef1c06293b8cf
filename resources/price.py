"""What device seconds and CPU seconds cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Price"]

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Price:
    """The price of an hour of one GPU, and of one CPU; 0 is what is not counted."""

    per_gpu_hour: float = 0.0
    currency: str = "USD"
    per_cpu_hour: float = 0.0

    def of(self, device_seconds: Mapping[str, float], cpu_seconds: float = 0.0) -> float:
        """The cost of so many seconds of each model on a server's devices, and of workers' CPUs."""
        devices = sum(device_seconds.values()) * self.per_gpu_hour
        return (devices + cpu_seconds * self.per_cpu_hour) / _HOUR_S
