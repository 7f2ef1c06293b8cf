"""What HTTP servers of tests share: a port of loopback, a thread, an end."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

__all__ = ["LoopbackServer", "Quiet"]


class Quiet:
    """Beside `BaseHTTPRequestHandler`: one that logs nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class LoopbackServer:
    """Answers by a handler; use as a context manager. `host` is host:port, `root` its address."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.root = f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
