"""The script for a GPU, as far as it runs without one: every part, on small models, on the CPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1800)]

_ROOT = Path(__file__).parents[2]


def test_every_part_runs_dry(tmp_path: Path) -> None:
    file = tmp_path / "gpu.json"
    command = [sys.executable, "-m", "benchmarks.gpu", "--small", "--device", "cpu", "--seconds", "0.1"]
    done = subprocess.run(
        [*command, "--minutes", "25", "--json", str(file)], cwd=_ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "a dry run" in done.stdout
    report = json.loads(file.read_text())
    assert report["dry_run"] is True
    assert report["failed"] == []
    parity = {each["precision"]: each for each in report["parity"]}
    assert parity["fp32"]["detections"] > 100
    assert parity["fp32"]["agreement"] == 1.0
    assert parity["bf16"]["agreement"] < parity["fp16"]["agreement"] < 1.0
    ways = {(each["precision"], each["copied"], each["batch"]) for each in report["speeds"]}
    assert len(ways) == 4 * (2 + 1)
    assert [each["batch"] for each in report["tables"]] == [1, 2]
    assert all(each["pages_per_s"] > 0 for each in report["speeds"])
    [whole] = report["whole"]
    assert whole["pages"] == whole["layout"]["items"] == 24
    assert whole["tables"]["items"] > 0
    assert whole["pages_read"] == "in C"
    assert whole["server"].startswith("docmill's Triton") and whole["weights"].startswith("random")
    assert [each["found"] for each in report["targets"]][1] is None
    assert all("reached" not in each["verdict"] or "dry run" in each["verdict"] for each in report["targets"])
