"""The script of the Jobs that fill volumes of models: from S3, from a hub, of an image.

tests/acceptance/test_serving_chart.py has a server serve what it makes of the embedded models.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import s3fs

from docmill.resources.weights.vlm_checkpoints import GRANITE_DOCLING
from tests.charts.rendering import CHARTS
from tests.support.hub_server import HubServer
from tests.support.s3 import MotoServer

FILL = CHARTS / "serving" / "files" / "fill.py"
DONE = ".complete"
WEIGHTS = b"weights" * 100_000


def fill(to: Path, source: str, **told: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"FILL_TO": str(to), "FILL_FROM": source} | told
    return subprocess.run(
        [sys.executable, str(FILL)], env=variables, capture_output=True, text=True, check=False
    )


def whole(to: Path) -> dict[str, bytes]:
    """What a finished revision holds."""
    assert (to / DONE).is_file()
    files = (path for path in to.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(to).as_posix(): path.read_bytes() for path in files}


def test_a_prefix_of_s3(tmp_path: Path) -> None:
    with MotoServer() as server:
        bucket = s3fs.S3FileSystem(**server.options, skip_instance_cache=True)
        files = {"layout/config.pbtxt": b'name: "layout"', "layout/1/model.onnx": WEIGHTS}
        for path, data in files.items():
            bucket.pipe(f"bucket/models/{path}", data)
        done = fill(tmp_path / "r1", "s3", FILL_URL="s3://bucket/models/", **server.environment)
        assert done.returncode == 0, done.stderr
        assert whole(tmp_path / "r1") == files
        lost = fill(tmp_path / "r2", "s3", FILL_URL="s3://bucket/nothing", **server.environment)
    assert lost.returncode != 0
    assert not (tmp_path / "r2" / DONE).exists()


def test_granite_docling_of_the_hub(tmp_path: Path) -> None:
    commit, owner = "c" * 40, GRANITE_DOCLING.repository
    files = {"config.json": b"{}", "model.safetensors": WEIGHTS}
    siblings = [
        {
            "rfilename": path,
            "size": len(data),
            "blobId": hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest(),
            **(
                {"lfs": {"sha256": hashlib.sha256(data).hexdigest()}} if path.endswith(".safetensors") else {}
            ),
        }
        for path, data in files.items()
    ]
    listing = json.dumps({"sha": commit, "siblings": siblings}).encode()
    served = {f"{owner}/resolve/{commit}/{path}": data for path, data in files.items()}
    served[f"api/models/{owner}/revision/{GRANITE_DOCLING.revision}?blobs=true"] = listing
    with HubServer(served) as hub:
        done = fill(tmp_path / "r1", "granite-docling", HF_ENDPOINT=hub.address)
        assert done.returncode == 0, done.stderr
        assert whole(tmp_path / "r1") == files
        asked = len(hub.requests)
        assert fill(tmp_path / "r1", "granite-docling", HF_ENDPOINT=hub.address).returncode == 0
        assert len(hub.requests) == asked, "what is whole is not fetched again"


def test_an_image_that_was_copied(tmp_path: Path) -> None:
    (tmp_path / "r1").mkdir()
    assert "has put nothing" in fill(tmp_path / "r1", "image").stderr
    assert not (tmp_path / "r1" / DONE).exists()
    (tmp_path / "r1" / "a").touch()
    assert fill(tmp_path / "r1", "image").returncode == 0
    assert whole(tmp_path / "r1") == {"a": b""}
