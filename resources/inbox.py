"""Resource `inbox`: where new PDFs appear, and how they are gathered to batches."""

from __future__ import annotations

import os
from typing import Any

import dagster as dg
from pydantic import Field

from docmill.resources.clients.files.listing import Listing
from docmill.resources.secrets import resolved

__all__ = ["Inbox"]


class Inbox(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where new PDFs appear, and how they are gathered to batches."""

    url: str = Field(default="", description="A folder or s3://bucket/prefix. Default: $DOCMILL_INBOX")
    options: dict[str, Any] = Field(
        default_factory=dict, description="fsspec options of the inbox, e.g. endpoint_url, key, secret"
    )
    batch_documents: int = Field(default=64, ge=1, description="Documents of a batch")
    batch_mb: int = Field(default=2048, ge=1, description="Megabytes of a batch; one document may be bigger")
    batches_per_tick: int = Field(default=50, ge=1, description="Batches that one tick makes at most")
    keys_per_tick: int = Field(default=100_000, ge=1, description="Files that one tick lists at most")
    tick_seconds: float = Field(
        default=40.0,
        gt=0,
        description="A tick stops after so long; below DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS",
    )
    settle_seconds: float = Field(
        default=30.0, ge=0, description="A local file is taken when it has not changed for so long"
    )
    settle_whole_seconds: float = Field(
        default=5.0, ge=0, description="The same of a PDF that is there to its end, as nearly all are"
    )
    max_wait_seconds: float = Field(
        default=120.0,
        ge=0,
        description="While runs wait or run, a batch that does not fill is made when a document has waited "
        "so long; else at once",
    )
    full_sweep_hours: float = Field(
        default=24.0, gt=0, description="How often every file is looked up, whatever its time says"
    )

    @property
    def place(self) -> str:
        """Where it is; empty when there is none."""
        return self.url or os.environ.get("DOCMILL_INBOX", "")

    def listing(self) -> Listing:
        """What lists it."""
        return Listing(self.place, resolved(self.options))
