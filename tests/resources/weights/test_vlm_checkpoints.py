"""Checkpoints as a hub lists them: a local HTTP server stands in for it, and speaks its protocol."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from docmill.pipeline.convert.errors import ModelDownloadError
from docmill.resources.weights.download import Patience
from docmill.resources.weights.hub import Hub
from docmill.resources.weights.vlm_checkpoints import GRANITE_DOCLING, VlmCheckpoint, VlmCheckpoints

CHECKPOINT = VlmCheckpoint("toy", "owner/toy", "untied")
COMMIT = "c" * 40


@dataclass
class LocalHub:
    """Files of one revision; `wrong` are served with other bytes than the listing says."""

    files: dict[str, bytes] = field(
        default_factory=lambda: {
            "config.json": b"{}",
            "model.safetensors": b"weights" * 100_000,
            "README.md": b"not needed",
        }
    )
    wrong: set[str] = field(default_factory=set)
    token: str = ""
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def listing(self) -> dict[str, Any]:
        siblings = []
        for path, data in self.files.items():
            entry: dict[str, Any] = {"rfilename": path, "size": len(data)}
            entry["blobId"] = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
            if path.endswith(".safetensors"):
                entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            siblings.append(entry)
        return {"sha": COMMIT, "siblings": siblings}

    def answer(self, path: str, token: str | None) -> bytes | int:
        self.asked.append(path)
        if self.token and token != f"Bearer {self.token}":
            return 401
        if path == "/api/models/owner/toy/revision/untied?blobs=true":
            return json.dumps(self.listing()).encode()
        name = path.removeprefix(f"/owner/toy/resolve/{COMMIT}/")
        if name not in self.files:
            return 404
        return self.files[name][::-1] if name in self.wrong else self.files[name]


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    local = LocalHub()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            answer = local.answer(self.path, self.headers.get("authorization"))
            self.send_response(answer if isinstance(answer, int) else 200)
            self.end_headers()
            if isinstance(answer, bytes):
                self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    local.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield local
    server.shutdown()
    server.server_close()


def test_fetches_what_is_needed_once(hub: LocalHub, tmp_path: Path) -> None:
    cache, steps = VlmCheckpoints(tmp_path), []
    folder = cache.ensure(CHECKPOINT, Hub(hub.url), lambda *step: steps.append(step))
    assert {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")} == {
        name: data for name, data in hub.files.items() if name != "README.md"
    }
    assert steps == [("config.json", 0, 2), ("model.safetensors", 1, 2), ("", 2, 2)]
    assert cache.path(CHECKPOINT) == folder
    hub.asked.clear()
    cache.ensure(CHECKPOINT, Hub(hub.url))
    assert len(hub.asked) == 1  # the listing


def test_a_damaged_or_missing_file_is_fetched_again(hub: LocalHub, tmp_path: Path) -> None:
    cache = VlmCheckpoints(tmp_path)
    folder = cache.ensure(CHECKPOINT, Hub(hub.url))
    (folder / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(ModelDownloadError, match="docmill models pull toy"):
        cache.path(CHECKPOINT)
    cache.ensure(CHECKPOINT, Hub(hub.url))
    assert (folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_bytes_that_are_not_the_listed_ones_are_not_kept(hub: LocalHub, tmp_path: Path, name: str) -> None:
    hub.files["config.json"] = b'{"a": 1}'
    hub.wrong.add(name)
    with pytest.raises(ModelDownloadError, match=f"{name} .*checksum differs"):
        VlmCheckpoints(tmp_path).ensure(CHECKPOINT, Hub(hub.url))
    assert not list(tmp_path.rglob(name)) and not list(tmp_path.rglob("*.part"))


def test_a_path_outside_of_the_checkpoint_is_refused(hub: LocalHub, tmp_path: Path) -> None:
    hub.files["../../evil.json"] = b"{}"
    with pytest.raises(ModelDownloadError, match="outside"):
        VlmCheckpoints(tmp_path / "a" / "b").ensure(CHECKPOINT, Hub(hub.url))
    assert not list(tmp_path.rglob("evil.json"))


def test_a_hub_that_wants_a_token(hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.token = "secret"
    monkeypatch.setenv("HF_ENDPOINT", hub.url + "/")
    with pytest.raises(ModelDownloadError, match=r"401.*HF_TOKEN"):
        VlmCheckpoints(tmp_path).ensure(CHECKPOINT, Hub.of_environment())
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert VlmCheckpoints(tmp_path).ensure(CHECKPOINT, Hub.of_environment())


def test_a_repository_that_is_not_there_and_a_hub_that_is_none(hub: LocalHub, tmp_path: Path) -> None:
    with pytest.raises(ModelDownloadError, match=r"granite-docling-258M/revision/untied.*404"):
        VlmCheckpoints(tmp_path).ensure(GRANITE_DOCLING, Hub(hub.url))
    with pytest.raises(ModelDownloadError, match=r"could not be fetched: .*refused.*HF_ENDPOINT"):
        VlmCheckpoints(tmp_path).ensure(CHECKPOINT, Hub("http://127.0.0.1:9", patience=Patience(attempts=1)))


def test_a_repository_without_weights_is_refused(hub: LocalHub, tmp_path: Path) -> None:
    del hub.files["model.safetensors"]
    with pytest.raises(ModelDownloadError, match="no weights"):
        VlmCheckpoints(tmp_path).ensure(CHECKPOINT, Hub(hub.url))
