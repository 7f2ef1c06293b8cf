"""A small HTTP server that behaves as the hub: weights are redirected to storage, ranges are known."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler

from tests.support.loopback import LoopbackServer, Quiet


class HubServer(LoopbackServer):
    """Use as a context manager. `files` by path, `repository/resolve/revision/file`.

    `failures` are statuses to answer first, one a request; `cut` transfers end in the middle; with
    `stall` the large ones stand still there until `resume`. `storage` is another server that has the weights.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        failures: list[int] | None = None,
        cut: int = 0,
        stall: bool = False,
        storage: str = "",
    ) -> None:
        self.files, self.failures, self.cut, self.storage = files, failures or [], cut, storage
        self._stalled = threading.Event()
        if not stall:
            self._stalled.set()
        #: Path and Range of each request, and what it was authorized with.
        self.requests: list[tuple[str, str | None]] = []
        self.tokens: list[str | None] = []
        hub = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub._answer(self)

        super().__init__(Handler)
        self.address = self.root

    def __exit__(self, *error: object) -> None:
        self._stalled.set()
        super().__exit__(*error)

    def resume(self) -> None:
        """Let transfers that stand still go on."""
        self._stalled.set()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        path, asked = request.path.lstrip("/"), request.headers.get("Range")
        self.requests.append((path, asked))
        self.tokens.append(request.headers.get("Authorization"))
        stored = path.removeprefix("storage/")
        if self.failures:
            self._plain(request, self.failures.pop(0))
        elif stored not in self.files:
            self._plain(request, 404)
        elif path == stored and path.endswith(".safetensors"):
            request.send_response(302)
            request.send_header("Location", f"{self.storage or self.address}/storage/{path}")
            request.send_header("Content-Length", "0")
            request.end_headers()
        else:
            self._send(request, self.files[stored], int(asked[6:-1]) if asked else 0, asked is not None)

    def _plain(self, request: BaseHTTPRequestHandler, status: int) -> None:
        request.send_response(status)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _send(self, request: BaseHTTPRequestHandler, data: bytes, start: int, partial: bool) -> None:
        rest = data[start:]
        request.send_response(206 if partial else 200)
        request.send_header("Content-Length", str(len(rest)))
        request.end_headers()
        if self.cut:
            self.cut -= 1
            rest = rest[: len(rest) // 2]
        half = len(rest) // 2
        request.wfile.write(rest[:half])
        if half > 1000:
            self._stalled.wait()
        with contextlib.suppress(ConnectionError):  # the client is gone
            request.wfile.write(rest[half:])
        request.close_connection = True
