"""Figures of old get a result that says where they are from."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.harness.recording import record_page
from benchmarks.harness.result import read
from benchmarks.harness.stated import sections, untrue

PAGE = """\
# Speed

## Pages

    python -m benchmarks.cost --set pages=3   # cheap

Two cores, 2026-11-23:

| | pages/s |
|---|---|
| alone | 12.5 |

## Settings

Nothing here.
"""


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_section_becomes_a_result_with_its_command_date_and_commit(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "speed.md"
    page.parent.mkdir()
    page.write_text(PAGE)
    (tmp_path / "README.md").write_text("# x\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "Say how fast")
    results = tmp_path / "benchmarks" / "results"
    [path] = record_page(page, results, tmp_path)
    found = read(path)
    assert path == results / "recorded" / "speed-pages.json"
    assert (found.kind, found.source, found.date) == ("recorded", "docs/speed.md", "2026-11-23")
    assert found.command == "python -m benchmarks.cost --set pages=3"
    assert found.commit == git(tmp_path, "rev-parse", "HEAD")[:12]
    assert [(figure.name, figure.value) for figure in found.figures] == [("alone, pages/s", 12.5)]
    assert [section.results for section in sections(page.read_text())] == [("recorded/speed-pages",)]
    assert list(untrue(tmp_path)) == []
    assert list(record_page(page, results, tmp_path)) == [], "it has one now"
    page.write_text(page.read_text().replace("12.5", "13.5"))
    assert len(list(untrue(tmp_path))) == 1
