"""Resource `pricing`: what the servers' devices and the workers' CPUs cost."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from docmill.resources.price import Price

__all__ = ["Pricing"]


class Pricing(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What the servers' devices and the workers' CPUs cost; without a price no cost is shown."""

    per_gpu_hour: float | None = Field(default=None, ge=0, description="Price of an hour of one GPU")
    per_cpu_hour: float | None = Field(default=None, ge=0, description="Price of an hour of one CPU")
    currency: str = Field(default="USD", description="What the prices are in")

    def price(self) -> Price | None:
        """The price; None when none is set."""
        if self.per_gpu_hour is None and self.per_cpu_hour is None:
            return None
        return Price(self.per_gpu_hour or 0.0, self.currency, self.per_cpu_hour or 0.0)
