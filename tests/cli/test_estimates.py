"""What a backfill is said to take, in words: which figures are measured, and which are guessed."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console

from docmill.pipeline.cli.estimates import print_estimate
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.intake.estimate import Estimate
from docmill.resources.price import Price

WORK = Estimate(3, 40, 7200, 1200, 2.5, 0.25, 0.625)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))


def said(found: Estimate, price: Price | None = None, *, at_once: float | None = None) -> list[str]:
    console = Console(record=True, width=300)
    print_estimate(console, found, price, at_once=at_once)
    return console.export_text().splitlines()


def test_without_a_run_nobody_knows_how_long_one_waits() -> None:
    pages, work, money, time = said(WORK, Price(2.5))
    assert pages == (
        "40 documents in 3 batches, 7,200 pages at most, "
        "1,200 of them guessed by the size of files that were not opened yet"
    )
    assert work.startswith("about 2.50 worker hours and 0.250 GPU hours, if a page takes what")
    assert money == "about 0.62 USD, by the same guess"
    assert time == "No run on this instance was measured, so nobody knows how long you will wait."


def test_the_time_is_measured_and_what_it_rests_on_is_said() -> None:
    @dg.asset
    def exports() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"reused": 0.0, "wall_seconds": 1.0, "pages": 1_000_000.0})

    with open_instance() as instance:
        dg.materialize([exports], instance=instance)
    time = said(WORK)[-1]
    assert time.startswith("about 1 min of waiting, if nothing else runs: measured, the last run did ")
    assert time.endswith("pages a second each; assumed, 1.0 run at once")


def test_nothing_converted_is_nothing_to_go_by() -> None:
    assert said(Estimate(1, 1, 5, 0, None, None, None))[:2] == [
        "1 documents in 1 batches, 5 pages at most",
        "Nothing has been converted yet, so nobody knows how long that takes.",
    ]
