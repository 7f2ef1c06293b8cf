"""Benchmarks run as commands of their own, within their time, and leave a result each."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import psutil
import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks.__main__ import app, run_chosen
from benchmarks.comparing.counted import counted
from benchmarks.comparing.errors import CommandFailedError
from benchmarks.harness.catalogue import Benchmark
from benchmarks.harness.noise import Watch, busy_now, loop_times
from benchmarks.harness.result import read
from benchmarks.harness.running import MissingError, commit, run, words
from benchmarks.harness.taking import Taken

#: Arithmetic, and so quick; run as if it measured.
COST = Benchmark(
    module="benchmarks.cost",
    measures="what it costs",
    minutes=0.5,
    arguments="--set pages={pages}",
    needs="pages",
    figures=[
        Taken("CPU of a page", "costs.*.cpu_seconds_a_page", "s"),
        Taken("{0}", "inputs[].value"),
    ],
)


@contextmanager
def burning(processes: int) -> Iterator[None]:
    """So many processes that are always busy."""
    started = [Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_benchmark_leaves_figures_of_its_rounds_the_machine_and_its_noise() -> None:
    found = run("cost", COST, {"pages": "7"}, 250)
    page, *inputs = found.figures
    assert page.rounds == 5
    assert page.least is not None and page.most is not None
    assert page.least < page.value < page.most
    assert next(each.value for each in inputs if each.name == "pages") == 7
    assert found.command == "python -m benchmarks.cost --set pages=PAGES"
    assert found.machine is not None and found.machine.cores > 0
    assert found.noise is not None and found.noise.loop_ms > 0
    assert 0 < found.seconds < 250
    assert found.commit == commit()


def test_what_was_not_given_is_asked_for() -> None:
    with pytest.raises(MissingError, match="--with pages="):
        run("cost", COST, {}, 250)


def test_folders_of_a_folder_are_an_option_each(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
    (tmp_path / "README.md").write_text("")
    found = words("--jobs 2 --corpus {quality}/* --worst 0", {"quality": str(tmp_path)})
    corpora = ["--corpus", str(tmp_path / "a"), "--corpus", str(tmp_path / "b")]
    assert found == ["--jobs", "2", *corpora, "--worst", "0"]


def test_what_takes_too_long_is_killed_with_all_below_it(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    below = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    start = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', *sys.argv[1:]], start_new_session=True).wait()"
    )
    with pytest.raises(CommandFailedError, match="not within 8 s"):
        counted([sys.executable, "-c", start, below, str(mark)], os.environ, tmp_path, 8)
    assert not psutil.pid_exists(int(mark.read_text()))


def test_results_are_kept_one_by_one_and_what_does_not_fit_is_left_out(tmp_path: Path) -> None:
    cost = Benchmark(
        module="benchmarks.cost",
        measures="money",
        minutes=0.1,
        kind="calculated",
        figures=[Taken("{0}", "inputs[].value")],
    )
    long = Benchmark(module="benchmarks.cost", measures="long", minutes=90)
    missing = Benchmark(module="benchmarks.quality", measures="quality", minutes=0.1, needs="quality")
    chosen = {"cost": cost, "long": long, "missing": missing}
    console = Console(record=True, width=200)
    assert run_chosen(chosen, {}, 15, tmp_path / "cpu", console) == ["long", "missing"]
    assert read(tmp_path / "calculated" / "cost.json").figure("pages") is not None
    assert "long is left out: 90 minutes are not left" in (text := console.export_text())
    assert "missing needs --with quality=..." in text


def test_a_busy_machine_is_told_of_and_nothing_is_measured(tmp_path: Path) -> None:
    with burning(os.cpu_count() or 1):
        assert any("are taken by others" in reason for reason in busy_now(1.0))
        said = CliRunner().invoke(app, ["run", "startup", "--results", str(tmp_path / "results")])
    assert said.exit_code == 3
    assert "not an empty machine" in said.output
    assert not (tmp_path / "results").exists()


def test_others_work_stands_beside_a_result() -> None:
    watch = Watch()
    with burning(os.cpu_count() or 1):
        loop_times(20)
        noise = watch.end(0.0)
    assert noise.others_cores > 0.5
    assert any("others took" in warning for warning in noise.warnings)


def test_the_list_names_all_and_help_teaches() -> None:
    shown = CliRunner().invoke(app, []).output
    assert "conversion*" in shown and "python -m benchmarks run NAME" in shown
    taught = CliRunner().invoke(app, ["--help"]).output
    assert "REPORT.md" in taught and "run" in taught


@pytest.mark.parametrize("words", [["run", "nothing-like-it"], ["run", "cost", "--with", "quality"]])
def test_misuse_is_told(words: list[str]) -> None:
    assert CliRunner().invoke(app, words).exit_code == 2
