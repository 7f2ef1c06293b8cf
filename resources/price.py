"""What device seconds, CPU seconds, storage and requests cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docmill.pipeline.convert.errors import SettingsError

__all__ = ["PRICING_KEYS", "Price", "price_of"]

#: Settings of `[pricing]` that make a price.
PRICING_KEYS = (
    "per_gpu_hour",
    "per_cpu_hour",
    "gpu_hours",
    "gpu",
    "gpu_utilisation",
    "per_gb_month",
    "per_thousand_requests",
    "currency",
)
_HOUR_S = 3600.0
_GB = 1e9


@dataclass(frozen=True)
class Price:
    """The price of an hour of one GPU, and of one CPU; 0 is what is not counted.

    `gpu_utilisation` is the share of a server's hours in which its device works: the hours in which it waits
    are paid too, and each busy one bears its part of them. Storage is paid by the GB and month, requests of
    the store by the thousand.
    """

    per_gpu_hour: float = 0.0
    currency: str = "USD"
    per_cpu_hour: float = 0.0
    gpu_utilisation: float = 1.0
    per_gb_month: float = 0.0
    per_thousand_requests: float = 0.0

    def of(self, device_seconds: Mapping[str, float], cpu_seconds: float = 0.0) -> float:
        """The cost of so many seconds of each model on a server's devices, and of workers' CPUs."""
        devices = sum(device_seconds.values()) * self.per_gpu_hour / self.gpu_utilisation
        return (devices + cpu_seconds * self.per_cpu_hour) / _HOUR_S

    def of_store(self, size: float, requests: float = 0.0, months: float = 1.0) -> float:
        """The cost of so many bytes kept for so many months, and of as many requests."""
        return size / _GB * months * self.per_gb_month + requests / 1000 * self.per_thousand_requests


def price_of(settings: Mapping[str, Any]) -> Price | None:
    """The price that the settings of `[pricing]` say; None where none is set.

    `per_gpu_hour` comes before the hour of the type that `gpu` names among `gpu_hours`. Raises
    `SettingsError` for a type without a price.
    """
    hour, gpu, hours = settings.get("per_gpu_hour"), settings.get("gpu"), settings.get("gpu_hours") or {}
    if gpu and gpu not in hours:
        known = ", ".join(sorted(hours)) or "none"
        raise SettingsError(f"pricing.gpu: {gpu!r} has no price in pricing.gpu_hours, which has {known}")
    if hour is None and gpu:
        hour = hours[gpu]
    rates = {key: settings.get(key) for key in ("per_cpu_hour", "per_gb_month", "per_thousand_requests")}
    if hour is None and all(each is None for each in rates.values()):
        return None
    utilisation = _number("gpu_utilisation", settings.get("gpu_utilisation"), 1.0)
    if not 0 < utilisation <= 1:
        raise SettingsError(
            f"pricing.gpu_utilisation: {utilisation} is no share of an hour, above 0 and up to 1"
        )
    return Price(
        per_gpu_hour=_number("per_gpu_hour", hour),
        currency=settings.get("currency") or "USD",
        gpu_utilisation=utilisation,
        **{key: _number(key, each) for key, each in rates.items()},
    )


def _number(key: str, value: Any, default: float = 0.0) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SettingsError(f"pricing.{key}: {value!r} is no price")
    return float(value)
