"""Resource `pricing`: what the servers' devices cost."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from docmill.resources.price import Price

__all__ = ["Pricing"]


class Pricing(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What the servers' devices cost; without a price no cost is shown."""

    per_gpu_hour: float | None = Field(default=None, ge=0, description="Price of an hour of one GPU")
    currency: str = Field(default="USD", description="What the price is in")

    def price(self) -> Price | None:
        """The price; None when none is set."""
        return None if self.per_gpu_hour is None else Price(self.per_gpu_hour, self.currency)
