"""What commands cost, with all processes below them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.harness.catalogue import catalogue
from benchmarks.harness.taking import curve, figures
from benchmarks.speed import growth, memory, startup, throughput
from tests.support.model_cache import weights


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))


def test_help_takes_less_than_half_a_second_of_cpu(tmp_path: Path) -> None:
    found = {each.command: each for each in startup.measure(tmp_path, 3)}
    assert 0 < found["python -c pass"].cpu_s < found["docmill --help"].cpu_s
    assert min(start.cpu_s for start in found["docmill --help"].starts) < 0.5


def test_memory_is_that_of_all_processes_over_time(tmp_path: Path) -> None:
    held = memory.measure(tmp_path, 2, 1, 1)
    assert (held.pages, held.documents) == (2, 2)
    assert 50 < held.largest_mb < held.all_mb < 5000
    assert [moment.second for moment in held.moments] == sorted(moment.second for moment in held.moments)
    assert held.all_mb == max(moment.all_mb for moment in held.moments)


def test_documents_are_cheaper_together(tmp_path: Path) -> None:
    one, four = growth.measure(tmp_path, [1, 4], [1], 1)["1 worker"]
    assert (one.documents, four.documents) == (1, 4)
    assert 0 < four.cpu_ms_a_document < one.cpu_ms_a_document


def test_pages_of_a_long_document_are_cheaper(tmp_path: Path) -> None:
    one, four = growth.measure_lengths(tmp_path, [1, 4], [1], 1)["1 worker"]
    assert (one.pages, four.pages) == (1, 4)
    assert 0 < four.cpu_ms_a_page < one.cpu_ms_a_page
    assert one.pages_per_s < four.pages_per_s


@pytest.mark.parametrize("workers", ["", "2,0", "1,1", "two"])
def test_workers_are_different_numbers(workers: str) -> None:
    with pytest.raises(SystemExit):
        throughput.main([f"--workers={workers}"])


@pytest.mark.timeout(240)
def test_the_curve_over_workers_is_of_the_same_pages(tmp_path: Path) -> None:
    """In a process of its own: it takes the place of this one's home."""
    script = "import sys; from benchmarks.speed.throughput import main; sys.exit(main(sys.argv[1:]))"
    file = tmp_path / "curve.json"
    options = ["--pages", "4", "--length", "2", "--repeat", "2", "--workers", "2,1", "--json", str(file)]
    done = subprocess.run(
        [sys.executable, "-c", script, *options], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(file.read_text())
    assert (report["pages"], report["documents"]) == (4, 2)
    assert [(line["workers"], len(line["runs"])) for line in report["curve"]] == [(2, 2), (1, 2)]
    cores = catalogue()["cores"]
    assert len(figures(report, cores.figures)) == 2 * len(cores.figures)
    lines = curve(report, cores.curves[0]).lines
    assert [[workers for workers, _ in points] for points in lines.values()] == [[1, 2]] * 3
    for line in report["curve"]:
        assert line["command_pages_per_s"] == sum(run["command_pages_per_s"] for run in line["runs"]) / 2


def test_ratios_are_of_the_parts_alone_to_the_others() -> None:
    run = throughput.Run(
        pages=10,
        parts={"a": 60.0, "b": 40.0},
        alone_s=1,
        dagster_s=2,
        command_s=4,
        dagster_cpu_s=1.25,
        command_cpu_s=2,
    )
    found = run.figures()
    assert (found["ratio"], found["command_ratio"]) == (0.5, 0.25)
    assert (found["alone_cpu_ms"], found["dagster_cpu_ms"], found["cpu_ratio"]) == (100, 125, 0.8)
    assert found["command_pages_per_s"] == 2.5


def test_cpu_of_an_orphan_counts() -> None:
    """In a process of its own, since adopting cannot be undone."""
    burn = "import time\nend = time.process_time() + 1\nwhile time.process_time() < end: pass"
    leave = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}])"
    code = (
        "import os, subprocess, sys, time\n"
        "from benchmarks.measuring.processes import adopt_orphans, cpu_seconds\n"
        "adopt_orphans()\n"
        "before = cpu_seconds()\n"
        f"subprocess.run([sys.executable, '-c', {leave!r}], check=True)\n"
        "os.wait()\n"
        "print(cpu_seconds() - before)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True
    )
    assert float(said.stdout) > 0.95
