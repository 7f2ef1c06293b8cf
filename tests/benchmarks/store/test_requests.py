"""What the measurement of the store's requests counts, and the proxy it counts with."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.store.delaying_proxy import DelayingProxy, Request, longest_chain, seconds_under_way
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.s3 import MotoServer


def request(begun: float, ended: float) -> Request:
    return Request("GET", "/", True, begun, ended)


@pytest.mark.parametrize(
    ("requests", "chain", "seconds"),
    [
        ([], 0, 0.0),
        ([request(n, n + 1.0) for n in range(5)], 5, 5.0),
        ([request(0.0, 1.0 + n / 10) for n in range(5)], 1, 1.4),
        # the first stands beside two that follow each other
        ([request(0.0, 5.0), request(1.0, 2.0), request(3.0, 4.0), request(7.0, 8.0)], 3, 6.0),
    ],
)
def test_chains_and_seconds(requests: list[Request], chain: int, seconds: float) -> None:
    assert longest_chain(requests) == chain
    assert seconds_under_way(requests) == pytest.approx(seconds)


def test_the_proxy_passes_everything_on_late_and_notes_it(tmp_path: Path) -> None:
    delay_s = 0.05
    with (
        MotoServer() as server,
        DelayingProxy(int(server.endpoint.rpartition(":")[2]), delay_s, tmp_path) as proxy,
    ):
        options = {**server.options, "endpoint_url": f"http://127.0.0.1:{proxy.port}"}
        through, direct = DocumentStore("s3://bucket/x", options), server.store("x")
        data = bytes(range(256)) * 4000
        started = time.monotonic()
        through.write("a", data)
        assert direct.read("a") == data
        assert through.read("a") == data
        taken = time.monotonic() - started
        direct.delete(["a"])
        assert through.list("") == []
        noted = proxy.requests()
    assert [each.method for each in noted] == ["PUT", "GET", "GET"]
    assert all(each.ours and each.ended - each.begun >= delay_s for each in noted)
    assert seconds_under_way(noted[:2]) <= taken
