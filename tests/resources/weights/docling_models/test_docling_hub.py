"""Fetching from a server that behaves as the hub; the hub itself is not asked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from docmill.resources.weights.docling_models.catalogue import HubFile
from docmill.resources.weights.docling_models.errors import HubError
from docmill.resources.weights.docling_models.hub import Hub, default_hub
from docmill.resources.weights.download import Patience
from tests.resources.weights.docling_models.safetensors_file import checkpoint
from tests.support.hub_server import HubServer

CONTENT = {"config.json": b'{"a": 1}', "deep/model.safetensors": bytes(range(256)) * 5000}
CHECKPOINT = checkpoint(
    *(HubFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items())
)
FILES = {f"somebody/something/resolve/{CHECKPOINT.revision}/{name}": data for name, data in CONTENT.items()}


def hub(server: HubServer, attempts: int = 3) -> Hub:
    return Hub(server.address, Patience(timeout_s=5.0, attempts=attempts, longest_pause_s=0.01))


def fetched(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in CONTENT}


def test_files_are_fetched_once_and_follow_redirections(tmp_path: Path) -> None:
    said: list[str] = []
    with HubServer(FILES) as server:
        folder = hub(server).fetch(CHECKPOINT, tmp_path, said.append)
        assert fetched(folder) == CONTENT
        assert folder == tmp_path / "somebody--something" / CHECKPOINT.revision
        asked = len(server.requests)
        assert any(path.startswith("storage/") for path, _ in server.requests)
        hub(server).fetch(CHECKPOINT, tmp_path, said.append)
        assert len(server.requests) == asked
    assert said == [
        "fetching somebody/something config.json (0.0 MB)",
        "fetching somebody/something deep/model.safetensors (1.3 MB)",
    ]
    assert not list(tmp_path.rglob("*.part"))


def test_a_damaged_file_is_fetched_again(tmp_path: Path) -> None:
    with HubServer(FILES) as server:
        folder = hub(server).fetch(CHECKPOINT, tmp_path)
        (folder / "config.json").write_bytes(b'{"a": 2}')
        hub(server).fetch(CHECKPOINT, tmp_path)
        assert fetched(folder) == CONTENT


def test_a_broken_transfer_goes_on_where_it_was(tmp_path: Path) -> None:
    with HubServer(FILES, cut=3) as server:
        folder = hub(server, attempts=5).fetch(CHECKPOINT, tmp_path)
        assert fetched(folder) == CONTENT
        assert [start for _, start in server.requests if start]
    with HubServer(FILES, cut=2) as server:
        with pytest.raises(HubError, match="the connection ended early"):
            hub(server, attempts=1).fetch(CHECKPOINT, tmp_path / "other")
        folder = hub(server, attempts=5).fetch(CHECKPOINT, tmp_path / "other")
        assert fetched(folder) == CONTENT


@pytest.mark.parametrize("status", [429, 500, 503])
def test_failures_that_pass_are_borne_with(tmp_path: Path, status: int) -> None:
    with HubServer(FILES, failures=[status, status]) as server:
        assert fetched(hub(server).fetch(CHECKPOINT, tmp_path)) == CONTENT
    with (
        HubServer(FILES, failures=[status] * 3) as server,
        pytest.raises(HubError, match=rf"HTTP status {status}\. Without the hub.*--from DIR"),
    ):
        hub(server).fetch(CHECKPOINT, tmp_path / "other")


def test_what_is_not_there_is_asked_for_once(tmp_path: Path) -> None:
    with HubServer({}) as server:
        with pytest.raises(HubError, match="HTTP status 404"):
            hub(server).fetch(CHECKPOINT, tmp_path)
        assert len(server.requests) == 1


@pytest.mark.parametrize("data", [b'{"a": 2}', b'{"a": 1}more'], ids=["other", "longer"])
def test_other_bytes_than_the_pinned_ones_are_not_kept(tmp_path: Path, data: bytes) -> None:
    path = f"somebody/something/resolve/{CHECKPOINT.revision}/config.json"
    with HubServer(FILES | {path: data}) as server, pytest.raises(HubError, match="SHA-256 differs"):
        hub(server).fetch(CHECKPOINT, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]


def test_nobody_there_is_said_with_the_way_around(tmp_path: Path) -> None:
    with HubServer(FILES) as server:
        address = server.address
    silent = Hub(address, Patience(timeout_s=1.0, attempts=2, longest_pause_s=0.01))
    with pytest.raises(HubError, match=r"could not be fetched: .*refused.*DIR/somebody--something"):
        silent.fetch(CHECKPOINT, tmp_path)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HubError, match="DOCMILL_HOME"):
        Hub("http://127.0.0.1:9").fetch(CHECKPOINT, tmp_path / "file")


def test_a_mirror_is_named_as_for_the_hubs_own_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert default_hub().address == "https://huggingface.co"
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    assert default_hub().address == "https://mirror.example"
