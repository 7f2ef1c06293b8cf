"""Resource `pricing`: what the servers' devices, the workers' CPUs and the store cost."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from docmill.resources.price import PRICING_KEYS, Price, price_of

__all__ = ["Pricing"]


class Pricing(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What devices, CPUs and the store cost; without a price no cost is shown."""

    per_gpu_hour: float | None = Field(default=None, ge=0, description="Price of an hour of one GPU")
    per_cpu_hour: float | None = Field(default=None, ge=0, description="Price of an hour of one CPU")
    gpu_hours: dict[str, float] = Field(
        default={}, description="Prices of an hour by type of GPU, your own: {l4 = 0.8, h100 = 4.5}"
    )
    gpu: str = Field(
        default="", description="The type that the servers have, one of gpu_hours; per_gpu_hour comes before"
    )
    gpu_utilisation: float = Field(
        default=1.0, gt=0, le=1, description="Share of its hours in which a GPU works; all hours are paid"
    )
    per_gb_month: float | None = Field(
        default=None, ge=0, description="Price of a GB of the store for a month"
    )
    per_thousand_requests: float | None = Field(
        default=None, ge=0, description="Price of a thousand requests of the store"
    )
    budget_per_day: float | None = Field(default=None, ge=0, description="What a day may cost, for alerts")
    currency: str = Field(default="USD", description="What the prices are in")

    def price(self) -> Price | None:
        """The price; None when none is set. Raises `SettingsError` for a GPU without a price."""
        return price_of({key: getattr(self, key) for key in PRICING_KEYS})
