"""Resource `alerts`: who is told that something is wrong, and when it is."""

from __future__ import annotations

import os

import dagster as dg
from pydantic import Field

from docmill.resources.clients.webhook import Webhook
from docmill.resources.secrets import SECRET, secret

__all__ = ["Alerts"]


class Alerts(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Who is told that something is wrong, and when it is."""

    webhook: str = Field(
        default="",
        description="A Slack-compatible webhook. Default: $DOCMILL_ALERT_WEBHOOK; none: nobody",
        json_schema_extra={**SECRET},
    )
    webhook_file: str = Field(default="", description="File that holds the webhook's address")
    ui_url: str = Field(
        default="", description="Where Dagster's UI is, for links in alerts. Default: $DOCMILL_UI_URL"
    )
    timeout_s: float = Field(default=10.0, gt=0, description="Seconds for one request")
    remind_hours: float = Field(
        default=6.0, ge=0, description="What is still wrong is told again after so long; 0: never"
    )
    failed_ticks: int = Field(
        default=2, ge=1, le=100, description="A sensor fails when so many of its ticks failed in a row"
    )
    stale_minutes: float = Field(
        default=15.0,
        gt=0,
        description="So long may nothing have looked at the inbox, nor another sensor have ticked",
    )
    max_failed_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="More documents of the last hour than this share not converted are told of; 1: never",
    )
    min_documents: int = Field(
        default=20, ge=1, description="Of fewer documents in the last hour a share says nothing"
    )

    @property
    def url(self) -> str:
        """Where alerts go; empty when nobody is told."""
        return secret(self.webhook, self.webhook_file) or os.environ.get("DOCMILL_ALERT_WEBHOOK", "")

    @property
    def ui(self) -> str:
        """Where Dagster's UI is, without a slash at the end; empty when nobody said."""
        return (self.ui_url or os.environ.get("DOCMILL_UI_URL", "")).rstrip("/")

    def open(self) -> Webhook:
        """The webhook itself; raises `BackendConfigError` for an address that is none."""
        return Webhook(self.url, self.timeout_s)
