"""`docmill overview` on an instance with runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from docmill.pipeline.cli.overview import show_overview
from docmill.pipeline.instance.watching.disk import instance_bytes
from tests.support.model_cache import weights

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    for name in ("DAGSTER_HOME", "DOCMILL_STORE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path / "home"


def test_it_says_what_was_done_and_that_no_daemon_runs(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = [str(SAMPLES / name) for name in ("form.pdf", "encrypted.pdf")]
    command = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *samples, "-f", "md", "-j", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 1, done.stderr
    assert show_overview(as_json=True, page_path=None, every_s=0) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["failures"] == {"encrypted": 1}
    assert found["documents_today"] == 2
    assert found["pages_today"] == 1
    assert found["pages_per_second"] > 0
    assert found["daemon"] is None
    assert found["disk"]["store"] > 1000
    assert found["disk"]["database"] > 1000
    page = tmp_path / "page.html"
    assert show_overview(as_json=False, page_path=page, every_s=0) == 1
    assert "1 encrypted" in page.read_text()
    assert show_overview(as_json=False, page_path=None, every_s=0) == 1
    said = capsys.readouterr().out
    assert "none has run on this instance" in said
    assert "1 encrypted" in said


def test_what_dagster_keeps_of_runs_is_told_from_its_database(tmp_path: Path) -> None:
    runs = tmp_path / "history" / "runs"
    runs.mkdir(parents=True)
    for path, size in (
        (runs / "index.db", 100),
        (runs / "index.db-wal", 10),
        (tmp_path / "history" / "runs.db", 5),
        (runs / "3f.db", 1000),
        (tmp_path / "storage.txt", 200),
    ):
        path.write_bytes(b"x" * size)
    assert instance_bytes(tmp_path) == (115, 1200)
    assert instance_bytes(tmp_path / "none") == (None, 0)
