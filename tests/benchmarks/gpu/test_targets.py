"""What is said of docmill's targets."""

from __future__ import annotations

from typing import Any

from benchmarks.gpu.__main__ import targets


def report(dry: bool, pages: float, gpu: float | None, times: float) -> dict[str, Any]:
    first = {"pages_per_s": 1.0, "layout": {"gpu": 0.1}}
    return {
        "dry_run": dry,
        "whole": [first, {"pages_per_s": pages, "layout": {"gpu": gpu}}],
        "tables": [{"times": 1.0}, {"times": times}, {"times": 3.0}],
    }


def verdicts(found: dict[str, Any]) -> list[str]:
    return [each["verdict"] for each in targets(found)]


def test_the_last_conversion_and_the_best_batch_count() -> None:
    assert verdicts(report(False, 104.0, 0.95, 21.5)) == ["104, reached", "0.95, reached", "21.5, reached"]
    assert verdicts(report(False, 99.0, 0.89, 19.0)) == [
        "99, not reached",
        "0.89, not reached",
        "19, not reached",
    ]


def test_a_dry_run_says_that_it_says_nothing() -> None:
    whole, gpu, tables = verdicts(report(True, 104.0, None, 2.0))
    assert "reached (a dry run" in whole and "a dry run" in tables
    assert gpu == "not measured"


def test_what_was_left_out_was_not_measured() -> None:
    assert verdicts({"dry_run": False, "whole": [], "tables": []}) == ["not measured"] * 3
