"""The comparison of two commits' cost: what is counted, and what is made of it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from benchmarks import commits
from benchmarks.commits import SpeedReport, print_speed
from benchmarks.comparing.counted import counted
from benchmarks.comparing.errors import CommandFailedError
from benchmarks.comparing.figures import figures
from benchmarks.comparing.load import Load, OthersAtWork, warnings
from benchmarks.comparing.sides import Side
from benchmarks.comparing.speed import Sample
from benchmarks.metrics.environment import environment
from tests.support.model_cache import weights

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans is Linux's")
BURN = "import time\nwhile time.process_time() < 0.5: pass"


def sample(step: str, before: bool, number: int, cpu_s: float, wall_s: float, pages: int = 0) -> Sample:
    return Sample(
        step=step, before=before, round=number, cpu_s=cpu_s, wall_s=wall_s, others_cores=0.0, pages=pages
    )


SAMPLES = [
    *(sample("help", True, 1, cpu_s, 1.0) for cpu_s in (0.2, 0.3, 0.9)),
    *(sample("help", False, 1, cpu_s, 1.0) for cpu_s in (0.1, 0.6, 0.8)),
    sample("help", True, 2, 0.5, 2.0),
    sample("help", False, 2, 0.5, 1.0),
    sample("pages", True, 1, 30.0, 10.0, pages=300),
    sample("pages", False, 1, 15.0, 20.0, pages=300),
]


def test_orphans_count_and_the_adopter_does_not(tmp_path: Path) -> None:
    # the shell ends at once and leaves its child behind
    cost = counted(["sh", "-c", f"{sys.executable} -c '{BURN}' &"], os.environ, tmp_path)
    assert cost.cpu_s >= 0.5
    assert cost.wall_s >= 0.5
    assert counted(["true"], os.environ, tmp_path).cpu_s < cost.cpu_s


def test_a_command_runs_in_its_folder_and_environment(tmp_path: Path) -> None:
    command = ["sh", "-c", 'echo "$WHAT" > here']
    counted(command, {**os.environ, "WHAT": "this"}, tmp_path)
    assert (tmp_path / "here").read_text() == "this\n"


def test_a_command_that_fails_says_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match="ended with 3:\nno luck"):
        counted(["sh", "-c", "echo no luck; exit 3"], os.environ, tmp_path)


def test_ratios_are_of_each_round_and_of_medians_within_it() -> None:
    found = {(each.step, each.quantity): each for each in figures(SAMPLES)}
    assert list(found) == [
        *(("help", "CPU s"), ("help", "wall s")),
        *(("pages", "pages/s"), ("pages", "CPU ms a page")),
    ]
    cpu = found["help", "CPU s"]
    assert (cpu.before, cpu.after) == pytest.approx((0.4, 0.55))
    assert (cpu.ratio_least, cpu.ratio, cpu.ratio_most) == pytest.approx((1.0, 1.5, 2.0))
    speed = found["pages", "pages/s"]
    assert (speed.before, speed.after, speed.ratio) == pytest.approx((30.0, 15.0, 0.5))
    assert found["pages", "CPU ms a page"].ratio == pytest.approx(0.5)


def test_a_busy_machine_is_warned_of() -> None:
    quiet, busy = Load((0.1, 3.0, 3.0), 2), Load((1.5, 0.0, 0.0), 2)
    assert list(warnings(quiet, [0.0, 0.05])) == []
    assert list(warnings(busy, [0.0, 0.8])) == [
        "the machine was busy before: load 1.50 on 2 cores",
        "others were at work during 1 of 2 measurements: up to 0.80 of 2 cores",
    ]


def test_what_others_took_is_what_is_left_of_the_machine() -> None:
    others, started = OthersAtWork(), time.process_time()
    while time.process_time() - started < 0.5:
        pass
    # all that this process did is others' work to the measurement
    assert others.cores(own_cpu_s=0.0) > 0.1
    assert others.cores(own_cpu_s=1000.0) == 0.0


def test_the_report_shows_every_figure_and_comes_back_from_json() -> None:
    report = SpeedReport(
        environment=environment(),
        before=Side(commit="a" * 40, changed=False, module="pipeline.cli"),
        after=Side(commit="b" * 40, changed=False, module="docmill.pipeline.cli"),
        rounds=2,
        load=Load((1.0, 2.0, 3.0), 4),
        warnings=["it was busy"],
        figures=figures(SAMPLES),
        samples=SAMPLES,
    )
    console = Console(record=True, width=200)
    print_speed(msgspec.json.decode(msgspec.json.encode(report), type=SpeedReport), console)
    text = console.export_text()
    for shown in ("aaaaaaaaaaaa -> bbbbbbbbbbbb", "pages/s", "1.500", "1.000 to 2.000", "on 4 cores", "busy"):
        assert shown in text


@pytest.mark.acceptance
def test_this_checkout_costs_what_its_own_commit_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    report = tmp_path / "report.json"
    short = ["--rounds", "1", "--sizes", "1", "2", "--pages", "10", "--json", str(report)]
    assert commits.main(["--before", "HEAD", *short]) == 0
    found = msgspec.json.decode(report.read_bytes(), type=SpeedReport)
    steps = [
        *("docmill --help", "code location"),
        *("1 document", "2 documents"),
        *("1 document again", "2 documents again"),
        "10 pages in 1 documents",
    ]
    assert list(dict.fromkeys(each.step for each in found.figures)) == steps
    assert all(0.3 < each.ratio < 3 for each in found.figures if each.quantity == "CPU s")
    cpu = {each.step: each.after for each in found.figures if each.quantity == "CPU s"}
    assert cpu["docmill --help"] < cpu["code location"]
