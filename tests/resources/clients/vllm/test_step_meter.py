"""The time that workers wait for a vLLM server, shared by the tokens that it counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.resources.clients.vllm import step_meter
from docmill.resources.clients.vllm.metrics import ServerMetrics
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.clients.vllm.step_meter import TokenReader, open_token_meter
from docmill.resources.clients.vllm.tally import TokenTally

MODEL, ME = "granite", os.getpid()


class Server:
    """Metrics and clocks as they are set."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.tokens: int | None = 1000
        self.waited = 0
        patch.setattr(step_meter, "read_metrics", self.read)
        patch.setattr(step_meter, "waited_ns", lambda *_: self.waited)

    def read(self, _: VlmServer) -> ServerMetrics:
        if self.tokens is None:
            raise BackendUnavailableError("away")
        return ServerMetrics(prompt_tokens=self.tokens, generation_tokens=500)

    def passes(self, seconds: float, tokens: int) -> None:
        """So much time in which workers wait."""
        assert self.tokens is not None
        self.tokens += tokens
        self.waited += round(seconds * 1e9)


def hears(tally: TokenTally, tokens: int | None) -> None:
    """A request is answered, or nobody hears of it."""
    with tally.request() as request:
        if tokens:
            request.answered(tokens)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def test_time_with_requests_under_way_counts_and_other_time_not(server: Server, tmp_path: Path) -> None:
    reader = TokenReader(VlmServer(), tmp_path)
    reader.read()
    server.passes(2.0, 100)
    first = reader.read()
    assert first is not None
    assert (first.inferences, first.device_ns) == (100, 2 * 10**9)
    server.passes(0.0, 900)
    assert reader.read() == first


def test_a_server_that_was_started_anew_and_one_that_is_away(server: Server, tmp_path: Path) -> None:
    reader = TokenReader(VlmServer(), tmp_path)
    server.tokens = None
    assert reader.read() is None
    server.tokens = 1000
    reader.read()
    server.passes(1.0, -900)
    found = reader.read()
    assert found is not None
    assert (found.inferences, found.device_ns) == (600, 10**9)
    server.tokens = None
    assert reader.read() == found


def test_chunks_and_what_was_lost_add_up_to_what_the_step_waited_for(server: Server, tmp_path: Path) -> None:
    meter, tally = open_token_meter(VlmServer(model=MODEL), tmp_path), TokenTally(tmp_path)
    hears(tally, 300)
    server.passes(3.0, 300)
    assert meter.took(ME) == {MODEL: pytest.approx(3.0)}
    hears(tally, None)  # nobody hears of it: its worker is killed, and the server has done some of it
    server.passes(2.0, 200)
    meter.lost(ME)
    hears(tally, 100)
    server.passes(1.0, 100)
    assert meter.took(ME)[MODEL] == pytest.approx(1.0)
    assert meter.close() == {MODEL: pytest.approx(6.0)}


def test_others_pay_for_their_tokens(server: Server, tmp_path: Path) -> None:
    meter, tally = open_token_meter(VlmServer(model=MODEL), tmp_path), TokenTally(tmp_path)
    hears(tally, 100)
    server.passes(6.0, 300)
    assert meter.took(ME) == {MODEL: pytest.approx(2.0)}
    assert meter.close() == {MODEL: pytest.approx(2.0)}
