"""A small chat-completions server over real HTTP: it answers by a script and remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

MODEL = "granite"
GOOD = "<doctag><text><loc_1><loc_2><loc_30><loc_40>Calm sea.</text>\n"


@dataclass
class Reply:
    """One answer. With a `status` other than 200 `text` is the error's message; `cut` breaks a stream off."""

    text: str = GOOD
    finish: str | None = "stop"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cut: bool = False


@dataclass
class ChatServer:
    """Gives the replies in order, then `usual`. Use as a context manager; `port` 0 takes any that is free."""

    replies: Sequence[Reply] = ()
    usual: Reply = field(default_factory=Reply)
    models: Sequence[dict[str, Any]] = ({"id": MODEL, "object": "model", "max_model_len": 8192},)
    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    #: Each request's `traceparent`; empty where it has none.
    traceparents: list[str] = field(default_factory=list)
    most: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> ChatServer:
        owner = self
        waiting = list(self.replies)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                self._json(200, {"object": "list", "data": list(owner.models)})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with owner._lock:
                    owner.requests.append(body)
                    owner.traceparents.append(self.headers.get("traceparent", ""))
                    reply = waiting.pop(0) if waiting else owner.usual
                    owner._now += 1
                    owner.most = max(owner.most, owner._now)
                time.sleep(reply.seconds)
                with owner._lock:
                    owner._now -= 1
                if reply.status != 200:
                    self._json(reply.status, {"error": {"message": reply.text}}, reply.headers)
                elif body.get("stream"):
                    self._stream(reply)
                else:
                    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
                    message = {"role": "assistant", "content": reply.text}
                    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
                    self._json(200, {**_HEAD, "choices": [choice], "usage": usage})

            def _stream(self, reply: Reply) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("connection", "close")
                self.end_headers()
                self.close_connection = True
                try:
                    for start in range(0, len(reply.text), 20):
                        self._event(
                            {"delta": {"content": reply.text[start : start + 20]}, "finish_reason": None}
                        )
                    if not reply.cut:
                        self._event({"delta": {}, "finish_reason": reply.finish})
                        self.wfile.write(b"data: [DONE]\n\n")
                except OSError:
                    return

            def _event(self, choice: dict[str, Any]) -> None:
                chunk = _HEAD | {"object": "chat.completion.chunk", "choices": [{"index": 0, **choice}]}
                self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

            def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json", **(headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


_HEAD = {"id": "x", "object": "chat.completion", "created": 0, "model": MODEL}
