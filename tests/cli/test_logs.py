"""`docmill logs`: what became of one document, run by run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from docmill.pipeline.cli.logs import show_logs
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.resources.clients.files.sources import SourceCache
from tests.support.model_cache import weights

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home" / "dagster"))
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    monkeypatch.delenv("DOCMILL_STORE", raising=False)
    return tmp_path / "home"


def convert(folder: Path, *arguments: object) -> int:
    command = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *map(str, arguments)]
    return subprocess.run(
        [*command, "-f", "md", "-j", "1"], cwd=folder, env=os.environ, capture_output=True, timeout=200
    ).returncode


def test_every_run_of_a_document_is_told_with_its_reason(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "locked.pdf"
    file.write_bytes((SAMPLES / "encrypted.pdf").read_bytes())
    assert convert(tmp_path, file) == 1
    assert convert(tmp_path, file, "--password", "docmill") == 0
    assert show_logs(str(file), as_json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["attempt"]["state"] for line in lines] == ["quarantined", "converted"]
    assert lines[0]["attempt"]["reason"] == "encrypted"
    assert {line["run"]["status"] for line in lines} == {"SUCCESS"}
    assert {step["name"] for step in lines[1]["run"]["steps"]} >= {"pages", "layout", "exports"}
    assert show_logs(SourceCache(home / "sources").content_id(str(file))[:8], as_json=False) == 0
    said = capsys.readouterr().out
    assert "encrypted (stage pages): " in said
    assert said.index("quarantined") < said.index("1 of 1 pages")


def test_a_file_that_nobody_has_seen(home: Path) -> None:
    with pytest.raises(BackendConfigError, match=r"has not seen .*form\.pdf"):
        show_logs(str(SAMPLES / "form.pdf"), as_json=False)
