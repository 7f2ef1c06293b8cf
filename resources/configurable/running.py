"""Workers, and what is checked, told and priced."""

from __future__ import annotations

import os

import dagster as dg
from pydantic import Field

from docmill.resources.clients.webhook import Webhook
from docmill.resources.price import Price

__all__ = ["Alerts", "Checks", "Pricing", "Workers"]


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
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return self.count or usable or 1


class Checks(dg.ConfigurableResource):  # type: ignore[type-arg]
    """When something is so wrong that a batch should not go on."""

    max_failed_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="More documents than this share not readable stop a batch; 1: never",
    )
    min_documents: int = Field(default=8, ge=1, description="Smaller batches are never stopped")


class Alerts(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Who is told that a run failed."""

    webhook: str = Field(
        default="", description="A Slack-compatible webhook. Default: $DOCMILL_ALERT_WEBHOOK; none: nobody"
    )
    timeout_s: float = Field(default=10.0, gt=0, description="Seconds for one request")

    @property
    def url(self) -> str:
        """Where alerts go; empty when nobody is told."""
        return self.webhook or os.environ.get("DOCMILL_ALERT_WEBHOOK", "")

    def open(self) -> Webhook:
        """The webhook itself; raises `BackendConfigError` for an address that is none."""
        return Webhook(self.url, self.timeout_s)


class Pricing(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What the servers' devices cost; without a price no cost is shown."""

    per_gpu_hour: float | None = Field(default=None, ge=0, description="Price of an hour of one GPU")
    currency: str = Field(default="USD", description="What the price is in")

    def price(self) -> Price | None:
        """The price; None when none is set."""
        return None if self.per_gpu_hour is None else Price(self.per_gpu_hour, self.currency)
