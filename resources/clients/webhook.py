"""A webhook that takes `{"text": ...}`, as Slack's, Mattermost's and Rocket.Chat's do.

With urllib, because httpx2's client logs the addresses it asks, and this one is a secret.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError

__all__ = ["Webhook"]


@dataclass(frozen=True)
class Webhook:
    """Posts texts to `url`. The address is a secret: it is never shown, nor in errors."""

    url: str
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        """Raise `BackendConfigError` for an address that is not http(s)."""
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise BackendConfigError("the webhook's address is not an http or https URL")

    def post(self, text: str) -> None:
        """Send a text in Slack's mrkdwn.

        Raises `BackendConfigError` when it is refused, `BackendUnavailableError` when nobody answers.
        """
        request = urllib.request.Request(
            self.url,
            json.dumps({"text": text}).encode(),
            {"Content-Type": "application/json"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s):
                return
        except urllib.error.HTTPError as error:
            kind = BackendConfigError if 400 <= error.code < 500 and error.code != 429 else None
            raise (kind or BackendUnavailableError)(f"the webhook answered {error.code}") from None
        except OSError as error:
            raise BackendUnavailableError(f"the webhook does not answer: {error}") from None
