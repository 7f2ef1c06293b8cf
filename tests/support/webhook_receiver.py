"""A webhook of Slack's kind: takes what is posted to it, and answers as a test says."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.loopback import LoopbackServer, Quiet

__all__ = ["WebhookReceiver"]


class WebhookReceiver(LoopbackServer):
    """Use as a context manager. `got` are the messages that were taken, `answer` is the status to come."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.types: list[str] = []
        self.answer = 200
        receiver = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.answer == 200:
                    receiver.got.append(json.loads(body))
                    receiver.types.append(self.headers["Content-Type"])
                self.send_response(receiver.answer)
                self.end_headers()

        super().__init__(Handler)

    @property
    def url(self) -> str:
        return f"{self.root}/services/secret"

    @property
    def texts(self) -> list[str]:
        """What was said, in order."""
        return [message["text"] for message in self.got]
