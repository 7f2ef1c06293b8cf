"""Documents under any load: the benchmark converts for real, kills for real, and sees what differs."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from benchmarks.comparing.trees import CHECKOUT, tree_at
from benchmarks.same_bytes.__main__ import main
from benchmarks.same_bytes.holding import Backend, Circumstance, hold

SAMPLES = Path(__file__).parents[1] / "samples"


def test_documents_are_the_same_when_the_command_is_killed_and_run_again(tmp_path: Path) -> None:
    written = tmp_path / "report.json"
    files = [str(SAMPLES / name) for name in ("form.pdf", "two_column_paper.pdf", "encrypted.pdf")]
    assert main([*files, "--only", "killed and run again", "--json", str(written)]) == 0
    report = json.loads(written.read_bytes())
    assert report["files"] == 3
    assert {"form.json", "form.md", "two_column_paper.html"} <= set(report["hashes"])
    alone, killed = report["held"]
    assert (alone["name"], alone["beside"]) == ("one worker", [])
    assert killed["beside"] == ["killed the command"]
    assert killed["compared"] == alone["compared"] > 20
    assert not killed["differences"]


def test_what_differs_is_named(tmp_path: Path) -> None:
    ways = (Circumstance("all pages"), Circumstance("one page", ("--jobs", "1", "--pages", "1")))
    places = [SAMPLES / "two_column_paper.pdf"]
    _, (alone, other) = hold(
        tree_at(CHECKOUT), places, tmp_path, Backend("embedded"), ways, Console(quiet=True)
    )
    assert not alone.differences
    assert {"two_column_paper.json", "two_column_paper.md"} <= {each.name for each in other.differences}
