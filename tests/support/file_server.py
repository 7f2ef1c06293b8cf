"""A small HTTP server with files, redirects and refusals, that tells what it was asked with."""

from __future__ import annotations

from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler

from tests.support.loopback import LoopbackServer, Quiet


class FileServer(LoopbackServer):
    """Use as a context manager. `answers` by path: bytes, an address to redirect to, or a status.

    Where `token` is set, it must be in the header X-Token.
    """

    def __init__(self, answers: Mapping[str, bytes | str | int], token: str = "") -> None:
        self.answers = dict(answers)
        #: The path and the headers of each request.
        self.requests: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                answer = server.answers.get(self.path.partition("?")[0], 404)
                if token and self.headers.get("X-Token") != token:
                    answer = 401
                if isinstance(answer, int):
                    self.send_response(answer)
                    answer = b""
                elif isinstance(answer, str):
                    self.send_response(302)
                    self.send_header("Location", answer)
                    answer = b""
                else:
                    self.send_response(200)
                if not self.path.endswith("?chunked"):
                    self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        super().__init__(Handler)
        self.address = self.root
