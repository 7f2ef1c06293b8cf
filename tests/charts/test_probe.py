"""The probe of the chart `serving` against small servers that are well, ill, and only seem well.

tests/acceptance/test_serving_chart.py has the same against the real ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.charts.rendering import CHARTS

PROBE = CHARTS / "serving" / "files" / "probe.py"
WELL = [3.0, -3.0, 8.0, 81.0]


class Server:
    """Answers as the probed servers do, by what it is told."""

    def __init__(self) -> None:
        self.canary: list[float] = WELL
        self.counts = {"layout": (5, 0)}
        self.dead: set[str] = set()
        self.tokens = 10.0
        self.made = 1
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(*outer.get(self.path))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(*outer.post(self.path))

            def _answer(self, status: int, body: Any) -> None:
                data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def get(self, path: str) -> tuple[int, Any]:
        if path == "/metrics":
            return 200, f'vllm:generation_tokens_total{{engine="0"}} {self.tokens}\n'
        if path.endswith("/stats"):
            stats = [
                {"name": name, "inference_stats": {"success": {"count": done}, "fail": {"count": failed}}}
                for name, (done, failed) in self.counts.items()
            ]
            return 200, {"model_stats": stats}
        if path.endswith("/config"):
            inputs = [
                {"name": "image", "data_type": "TYPE_UINT8", "dims": ["3", "-1", "8"]},
                {"name": "lang", "data_type": "TYPE_STRING", "dims": [1]},
            ]
            return 200, {"max_batch_size": 4, "input": inputs}
        return 200, {}

    def post(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        if path.startswith("/v1/"):
            return 200, {"usage": {"completion_tokens": self.made}}
        model = path.split("/")[3]
        if model in self.dead:
            return 500, {"error": "Stub process is not healthy."}
        return 200, {"outputs": [{"name": "y", "data": self.canary}]}


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def probe(server: Server | str, of: str, kind: str, memory: Path, models: str = "layout") -> str:
    """What it complains of; nothing when all is well."""
    url = server if isinstance(server, str) else server.url
    told = {"PROBE_URL": url, "PROBE_STATE": str(memory), "PROBE_MODELS": models}
    done = subprocess.run(
        [sys.executable, str(PROBE), of, kind],
        env=os.environ | told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(done.returncode) == bool(done.stderr), done
    return done.stderr


def test_a_triton_that_is_well(server: Server, tmp_path: Path) -> None:
    for kind in ("start", "ready", "live", "ready"):
        assert probe(server, "triton", kind, tmp_path) == ""
    # only the start has the models work; the others ask the canary alone
    assert server.asked.count("/v2/models/layout/infer") == 1
    assert server.asked.count("/v2/models/docmill_canary/infer") == 4


@pytest.mark.parametrize("answer", [[], [0.0, 0.0, 0.0, 0.0]])
def test_a_triton_that_is_ready_and_answers_wrongly(
    server: Server, tmp_path: Path, answer: list[float]
) -> None:
    """As with NumPy 2 in its Python backend."""
    server.canary = answer
    assert "the canary's answer is" in probe(server, "triton", "ready", tmp_path)


def test_a_model_whose_process_has_died(server: Server, tmp_path: Path) -> None:
    """It is doubted when its requests fail, until it answers again."""
    assert probe(server, "triton", "ready", tmp_path) == ""
    server.dead, server.counts = {"layout"}, {"layout": (5, 2)}
    for _ in range(2):
        assert "Stub process is not healthy" in probe(server, "triton", "ready", tmp_path)
    server.dead = set()
    assert probe(server, "triton", "ready", tmp_path) == ""
    asked = len(server.asked)
    assert probe(server, "triton", "ready", tmp_path) == ""
    assert server.asked[asked:] == ["/v2/models/docmill_canary/infer"]


def test_a_request_that_was_wrong_is_nobodys_illness(server: Server, tmp_path: Path) -> None:
    assert probe(server, "triton", "ready", tmp_path) == ""
    server.counts = {"layout": (6, 1)}
    server.dead = {"layout"}  # it would be told, were it asked
    assert probe(server, "triton", "ready", tmp_path) == ""
    server.dead, server.counts = set(), {"layout": (6, 2)}
    assert probe(server, "triton", "ready", tmp_path) == ""


def test_a_vllm_that_is_well(server: Server, tmp_path: Path) -> None:
    assert probe(server, "vllm", "start", tmp_path, "granite") == ""
    assert server.asked == ["/v1/chat/completions"]
    assert probe(server, "vllm", "ready", tmp_path, "granite") == ""
    assert server.asked[1:] == ["/v1/completions"]


def test_a_vllm_that_is_busy_is_not_asked(server: Server, tmp_path: Path) -> None:
    assert probe(server, "vllm", "ready", tmp_path, "granite") == ""
    server.tokens, server.made = 11.0, 0
    assert probe(server, "vllm", "ready", tmp_path, "granite") == ""
    assert "made no token" in probe(server, "vllm", "ready", tmp_path, "granite")


@pytest.mark.parametrize("of", ["triton", "vllm"])
def test_a_server_that_is_not_there(server: Server, tmp_path: Path, of: str) -> None:
    server.close()
    assert "refused" in probe(server.url, of, "ready", tmp_path)
