"""A conversion talks to nobody, and writes where it was told to: below its home, its output and TMPDIR."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.model_cache import weights
from tests.support.watched_network import run_watched

ROOT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parents[1] / "samples"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """Somebody who has nothing yet: an empty home, and empty folders for all that is temporary."""
    for name in ("user", "tmp", "cwd", "run"):
        (tmp_path / name).mkdir()
    path = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return path | {
        "HOME": str(tmp_path / "user"),
        "TMPDIR": str(tmp_path / "tmp"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "DOCMILL_HOME": str(tmp_path / "docmill"),
        "DOCMILL_MODELS": str(weights("layout").parent),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "200",
    }


def test_documents_are_nobody_else_s_business(tmp_path: Path, user: dict[str, str]) -> None:
    """A scan and a born-digital file, so that every embedded model runs."""
    documents = [str(SAMPLES / name) for name in ("scanned.pdf", "financial_statement.pdf")]
    docmill = [sys.executable, "-m", "docmill.pipeline.cli"]
    formats = ["--format", "md,html,json,doctags,chunks", "--pictures", "--debug-overlays"]
    watched = run_watched(
        [
            [*docmill, "convert", *documents, *formats, "--out", str(tmp_path / "out")],
            [*docmill, "status", *documents],
        ],
        user,
        tmp_path / "cwd",
    )
    assert watched.statuses == [0, 0], watched.said
    assert watched.sent == {}
    assert {name: files(tmp_path / name) for name in ("user", "tmp", "cwd", "run")} == {
        "user": [],
        "tmp": [],
        "cwd": [],
        "run": [],
    }
    assert (tmp_path / "out" / "scanned.md").is_file()


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.getaddrinfo('telemetry.example', 443)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "import socket; socket.create_connection(('192.0.2.1', 443), 2)",
    ],
)
def test_whoever_would_talk_is_seen(tmp_path: Path, user: dict[str, str], code: str) -> None:
    watched = run_watched([[sys.executable, "-c", code]], user, tmp_path / "cwd")
    assert watched.statuses == [1]
    assert watched.sent
