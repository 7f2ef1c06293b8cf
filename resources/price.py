"""What device seconds cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Price"]

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Price:
    """The price of an hour of one GPU."""

    per_gpu_hour: float
    currency: str = "USD"

    def of(self, device_seconds: Mapping[str, float]) -> float:
        """The cost of so many seconds of each model."""
        return sum(device_seconds.values()) / _HOUR_S * self.per_gpu_hour
