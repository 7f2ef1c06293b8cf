"""The measurement of the ledger's table, and the proxy that lets a server ignore conditions."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import msgspec
import pytest

from benchmarks.store.delaying_proxy import DelayingProxy
from benchmarks.store.ledger import Report, main
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.s3 import MotoServer


@pytest.mark.acceptance
def test_our_table_is_measured_and_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--rows", "300", "--settles", "2", "--each", "2", "--kills", "1", "--rounds", "1"]
    assert main([*few, "--json", str(tmp_path / "figures.json")]) == 0
    assert "ours on folder, 300 rows" in capsys.readouterr().out
    report = msgspec.json.decode((tmp_path / "figures.json").read_bytes(), type=Report)
    (figures,) = report.rounds
    found = {case.name: case.found for case in figures.cases}
    assert (found["find 1"], found["find 64"], found["find 64 sources"]) == (1, 64, 64)
    assert (found["scan"], found["failed"]) == (300, 3)
    at_once, killed = figures.writers
    assert (at_once.written, at_once.lost, at_once.half) == (8, 0, 0)
    assert killed.written >= 1
    assert (killed.lost, killed.half) == (0, 0)


def test_without_deltalake_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        main(["--against", "deltalake"])
    assert "uv pip install deltalake" in capsys.readouterr().err


@pytest.mark.parametrize("conditions", [True, False])
def test_a_server_behind_the_proxy_can_ignore_conditions(tmp_path: Path, conditions: bool) -> None:
    with MotoServer() as server:
        port = int(server.endpoint.rpartition(":")[2])
        with DelayingProxy(port, 0, tmp_path, conditions=conditions) as proxy:
            options = server.options | {"endpoint_url": f"http://127.0.0.1:{proxy.port}"}
            store = DocumentStore(f"s3://bucket/conditions-{conditions}", options)
            store.write("a", b"first")
            assert store.write_if("a", b"second", None) is not conditions
            assert store.read("a") == (b"first" if conditions else b"second")
