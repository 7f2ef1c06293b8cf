"""Fetching from a server that behaves as the hub; the hub itself is not asked."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import ModelDownloadError
from docmill.resources.weights.docling_models.pull import fetch_checkpoint
from docmill.resources.weights.download import Patience
from docmill.resources.weights.hub import Hub, HubFile
from tests.resources.weights.docling_models.safetensors_file import checkpoint
from tests.support.hub_server import HubServer

ROOT = Path(__file__).parents[3]
CONTENT = {"config.json": b'{"a": 1}', "deep/model.safetensors": bytes(range(256)) * 5000}
CHECKPOINT = checkpoint(
    *(HubFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items())
)
FILES = {f"somebody/something/resolve/{CHECKPOINT.revision}/{name}": data for name, data in CONTENT.items()}


def hub(server: HubServer, attempts: int = 3) -> Hub:
    return Hub(server.address, patience=Patience(timeout_s=5.0, attempts=attempts, longest_pause_s=0.01))


def fetched(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in CONTENT}


def test_files_are_fetched_once_and_follow_redirections(tmp_path: Path) -> None:
    said: list[str] = []
    with HubServer(FILES) as server:
        folder = fetch_checkpoint(hub(server), CHECKPOINT, tmp_path, said.append)
        assert fetched(folder) == CONTENT
        assert folder == tmp_path / "somebody--something" / CHECKPOINT.revision
        asked = len(server.requests)
        assert any(path.startswith("storage/") for path, _ in server.requests)
        fetch_checkpoint(hub(server), CHECKPOINT, tmp_path, said.append)
        assert len(server.requests) == asked
    assert said == [
        "fetching somebody/something config.json (0.0 MB)",
        "fetching somebody/something deep/model.safetensors (1.3 MB)",
    ]
    assert not list(tmp_path.rglob("*.part"))


def test_a_damaged_file_is_fetched_again(tmp_path: Path) -> None:
    with HubServer(FILES) as server:
        folder = fetch_checkpoint(hub(server), CHECKPOINT, tmp_path)
        (folder / "config.json").write_bytes(b'{"a": 2}')
        fetch_checkpoint(hub(server), CHECKPOINT, tmp_path)
        assert fetched(folder) == CONTENT


def test_a_broken_transfer_goes_on_where_it_was(tmp_path: Path) -> None:
    with HubServer(FILES, cut=3) as server:
        folder = fetch_checkpoint(hub(server, attempts=5), CHECKPOINT, tmp_path)
        assert fetched(folder) == CONTENT
        assert [start for _, start in server.requests if start]
    with HubServer(FILES, cut=2) as server:
        with pytest.raises(ModelDownloadError, match="peer closed connection"):
            fetch_checkpoint(hub(server, attempts=1), CHECKPOINT, tmp_path / "other")
        folder = fetch_checkpoint(hub(server, attempts=5), CHECKPOINT, tmp_path / "other")
        assert fetched(folder) == CONTENT


@pytest.mark.parametrize("status", [429, 500, 503])
def test_failures_that_pass_are_borne_with(tmp_path: Path, status: int) -> None:
    with HubServer(FILES, failures=[status, status]) as server:
        assert fetched(fetch_checkpoint(hub(server), CHECKPOINT, tmp_path)) == CONTENT
    with (
        HubServer(FILES, failures=[status] * 3) as server,
        pytest.raises(ModelDownloadError, match=rf"HTTP status {status}\. Set HF_ENDPOINT .*--from DIR"),
    ):
        fetch_checkpoint(hub(server), CHECKPOINT, tmp_path / "other")


def test_what_is_not_there_is_asked_for_once(tmp_path: Path) -> None:
    with HubServer({}) as server:
        with pytest.raises(ModelDownloadError, match="HTTP status 404"):
            fetch_checkpoint(hub(server), CHECKPOINT, tmp_path)
        assert len(server.requests) == 1


@pytest.mark.parametrize("data", [b'{"a": 2}', b'{"a": 1}more'], ids=["other", "longer"])
def test_other_bytes_than_the_pinned_ones_are_not_kept(tmp_path: Path, data: bytes) -> None:
    path = f"somebody/something/resolve/{CHECKPOINT.revision}/config.json"
    with (
        HubServer(FILES | {path: data}) as server,
        pytest.raises(ModelDownloadError, match="checksum differs"),
    ):
        fetch_checkpoint(hub(server), CHECKPOINT, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]


def test_nobody_there_is_said_with_the_way_around(tmp_path: Path) -> None:
    with HubServer(FILES) as server:
        address = server.address
    silent = Hub(address, patience=Patience(timeout_s=1.0, attempts=2, longest_pause_s=0.01))
    with pytest.raises(ModelDownloadError, match=r"could not be fetched: .*refused.*DIR/somebody--something"):
        fetch_checkpoint(silent, CHECKPOINT, tmp_path)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelDownloadError, match="DOCMILL_HOME"):
        fetch_checkpoint(Hub("http://127.0.0.1:9"), CHECKPOINT, tmp_path / "file")


def test_a_mirror_and_a_token_are_named_as_for_the_hubs_own_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert Hub.of_environment() == Hub("https://huggingface.co", "")
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert Hub.of_environment() == Hub("https://mirror.example", "secret")


def test_an_address_that_is_none_is_not_tried_again(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ModelDownloadError, match=r"mirror\.example/.* could not be fetched: .*http"):
        fetch_checkpoint(Hub("mirror.example"), CHECKPOINT, tmp_path)
    assert time.monotonic() - started < 0.9  # the first pause is longer


def test_a_token_is_for_the_hub_and_not_for_the_storage_that_it_names(tmp_path: Path) -> None:
    with HubServer(FILES) as storage, HubServer(FILES, storage=storage.address) as server:
        fetch_checkpoint(Hub(server.address, "secret"), CHECKPOINT, tmp_path)
        assert set(server.tokens) == {"Bearer secret"}
        assert storage.tokens == [None]


def test_the_proxy_of_the_environment_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub, small = Hub("http://hub.invalid"), CHECKPOINT.files[:1]
    with HubServer({f"http://hub.invalid/{path}": data for path, data in FILES.items()}) as proxy:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        hub.fetch(CHECKPOINT.repository, CHECKPOINT.revision, small, tmp_path, "do without")
    assert small[0].is_at(tmp_path / "config.json")


def begun(address: str, cache: Path) -> subprocess.Popen[bytes]:
    """Another process that fetches the checkpoint."""
    code = (
        "import sys; from pathlib import Path; from docmill.resources.weights.hub import Hub;"
        "from docmill.resources.weights.docling_models.pull import fetch_checkpoint;"
        "from tests.resources.weights.test_hub import CHECKPOINT;"
        "fetch_checkpoint(Hub(sys.argv[1]), CHECKPOINT, Path(sys.argv[2]))"
    )
    return subprocess.Popen([sys.executable, "-c", code, address, str(cache)], cwd=ROOT)


def test_processes_that_want_the_same_fetch_it_once(tmp_path: Path) -> None:
    with HubServer(FILES) as server:
        processes = [begun(server.address, tmp_path) for _ in range(2)]
        assert [process.wait(60) for process in processes] == [0, 0]
        asked = [path for path, _ in server.requests]
    assert sorted(asked) == sorted(set(asked))
    assert fetched(tmp_path / "somebody--something" / CHECKPOINT.revision) == CONTENT


def test_a_killed_process_leaves_what_the_next_one_goes_on_from(tmp_path: Path) -> None:
    with HubServer(FILES, stall=True) as server:
        process = begun(server.address, tmp_path)
        deadline = time.monotonic() + 60
        while not any(path.stat().st_size for path in tmp_path.rglob(".model*.part")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
        process.wait()
        server.resume()
        folder = fetch_checkpoint(hub(server), CHECKPOINT, tmp_path)
        assert fetched(folder) == CONTENT
        starts = [int(start[6:-1]) for _, start in server.requests if start]
    assert starts and all(0 < start < len(CONTENT["deep/model.safetensors"]) for start in starts)
