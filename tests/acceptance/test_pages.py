"""The small fixed part of `benchmarks.pages`: our own texts, set by typst, through docmill's command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.pages.report import Report

pytestmark = pytest.mark.acceptance

#: What was reached, less what a document more or less wrong would cost.
FLOORS = {
    "heading": 0.94,
    "paragraph": 0.85,
    "list_item": 0.95,
    "code": 0.9,
    "footnote": 0.85,
    "caption": 0.8,
    "table": 0.95,
    "furniture": 0.95,
}


def test_our_own_pages(tmp_path: Path) -> None:
    kept = tmp_path / "report.json"
    command = ["-m", "benchmarks.pages", "--documents", "10", "--sources", "own", "--seed", "1"]
    places = ["--home", str(tmp_path / "home"), "--json", str(kept), "--report", str(tmp_path / "pictures")]
    done = subprocess.run([sys.executable, *command, *places], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = msgspec.json.decode(kept.read_bytes(), type=Report)
    assert report.all.documents == 10
    below = {
        name: report.all.f1[name] for name, floor in FLOORS.items() if (report.all.f1[name] or 0) < floor
    }
    assert not below, done.stdout
    assert report.all.kept > 0.99
    assert report.all.order > 0.95
    assert (report.all.relations or 0) > 0.85
    assert (tmp_path / "pictures" / "index.html").is_file()
