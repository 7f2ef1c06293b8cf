"""What a server says of itself, read from a server that says it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.pipeline.convert.metered import Tallied, Tally
from docmill.pipeline.convert.understanding.choosing import Choice
from docmill.pipeline.convert.understanding.profiles import PROFILES, picture_profile
from docmill.resources.clients.vllm.engine import VlmEngine
from docmill.resources.clients.vllm.metrics import is_healthy, read_metrics
from docmill.resources.clients.vllm.server import VlmServer

METRICS = """\
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0"} 2.0
vllm:num_requests_running{engine="1"} 1.0
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc 0.25
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total 1200.0
# TYPE vllm:generation_tokens_total counter
vllm:generation_tokens_total 340.0
# TYPE vllm:request_success_total counter
vllm:request_success_total{finished_reason="stop"} 5.0
vllm:request_success_total{finished_reason="length"} 1.0
vllm:request_success_total{finished_reason="abort"} 7.0
# TYPE vllm:request_inference_time_seconds histogram
vllm:request_inference_time_seconds_sum 9.0
"""


@dataclass
class Server:
    """Answers by path: a status and a text. `moved` is redirected to the rest of its path."""

    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    answering = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            status, text = answering.answers.get(self.path, (404, ""))
            if self.path.startswith("/moved"):
                status, text = 307, ""
            self.send_response(status)
            if status == 307:
                self.send_header("Location", self.path.removeprefix("/moved"))
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answering.url = f"http://127.0.0.1:{listener.server_port}"
    threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
    yield answering
    listener.shutdown()
    listener.server_close()


def test_a_server_is_healthy_by_its_own_word(server: Server) -> None:
    server.answers["/health"] = (200, "")
    assert is_healthy(VlmServer(server.url)) and is_healthy(VlmServer(f"{server.url}/moved/v1"))
    server.answers["/health"] = (503, "the engine is dead")
    assert not is_healthy(VlmServer(server.url))
    assert not is_healthy(VlmServer("http://127.0.0.1:9"))


def test_metrics_are_summed_over_engines(server: Server) -> None:
    server.answers["/metrics"] = (200, METRICS)
    metrics = read_metrics(VlmServer(f"{server.url}/v1"))
    assert (metrics.running, metrics.waiting, metrics.kv_cache) == (3, 0, 0.25)
    assert (metrics.prompt_tokens, metrics.generation_tokens, metrics.answered) == (1200, 340, 6)
    assert metrics.finished == {"stop": 5, "length": 1, "abort": 7}


def test_an_engine_tells_what_its_server_has_counted(server: Server) -> None:
    engine = VlmEngine(
        VlmServer(server.url), PROFILES["granite-docling"], picture_profile(), Choice("all"), per_worker=1
    )
    assert engine.tally() is None
    server.answers["/metrics"] = (200, METRICS)
    assert isinstance(engine, Tallied)
    assert engine.tally() == Tally(9.0, 6)


@pytest.mark.parametrize(
    ("answer", "words"),
    [((404, "no metrics here"), "gives no metrics: .*404"), ((200, "vllm:x{ 1"), "not Prometheus' format")],
    ids=["none", "other"],
)
def test_a_server_without_metrics_is_named(server: Server, answer: tuple[int, str], words: str) -> None:
    server.answers["/metrics"] = answer
    with pytest.raises(BackendUnavailableError, match=f"{server.url}.*{words}"):
        read_metrics(VlmServer(server.url))


def test_a_server_that_is_away_is_named() -> None:
    with pytest.raises(BackendUnavailableError, match=r"127\.0\.0\.1:9 gives no metrics: .*refused"):
        read_metrics(VlmServer("http://127.0.0.1:9"))
