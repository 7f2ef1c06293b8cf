"""Resource `alerts`: who is told that a run failed."""

from __future__ import annotations

import os

import dagster as dg
from pydantic import Field

from docmill.resources.clients.webhook import Webhook

__all__ = ["Alerts"]


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
