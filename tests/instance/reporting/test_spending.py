"""What steps and runs spent, as numbers that plot."""

from __future__ import annotations

import dagster as dg
import pytest

from docmill.pipeline.instance.reporting.metadata import outcome_metadata
from docmill.pipeline.instance.reporting.spending import numbers_of, own_numbers, run_totals, with_totals
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.results.step_accounts import Overhead
from docmill.resources.price import Price

PRICE = Price(3600.0, "EUR", 36.0)


def record(
    name: str, *, pages: int = 2, device: float = 0.0, cpu: float = 1.0, reused: bool = False
) -> StageRecord:
    return StageRecord(
        stage="x",
        document=name,
        name=name,
        pages=list(range(1, pages + 1)),
        cpu_seconds=cpu,
        device_seconds={"heron": device} if device else {},
        reused=reused,
    )


LAYOUT = outcome_metadata(
    [record("a", device=3.0), record("b", pages=4, device=5.0, cpu=2.0, reused=True)],
    4.0,
    PRICE,
    overhead=Overhead({"heron": 0.5}, 0.25, lost_workers=1, retries=2, rejections=3),
)
EXPORTS = outcome_metadata([record("a", cpu=0.5), record("b", pages=4, cpu=0.1, reused=True)], 1.0, PRICE)


def test_what_is_found_again_costs_nothing_and_says_what_it_saved() -> None:
    assert (LAYOUT["device_seconds"], LAYOUT["cpu_seconds"]) == (3.0, 1.0)
    assert (LAYOUT["saved_gpu_seconds"], LAYOUT["saved_cpu_seconds"]) == (5.0, 2.0)
    assert LAYOUT["saved_cost"] == pytest.approx(5.0 + 0.02)
    assert not [key for key in outcome_metadata([record("a")], 1.0, PRICE) if key.startswith("saved")]


def test_overhead_is_a_row_of_its_own() -> None:
    assert (LAYOUT["overhead_gpu_seconds"], LAYOUT["overhead_cpu_seconds"]) == (0.5, 0.25)
    assert LAYOUT["overhead_gpu_seconds/heron"] == 0.5
    assert LAYOUT["overhead_cost"] == pytest.approx(0.5025)
    assert (LAYOUT["lost_workers"], LAYOUT["retries"], LAYOUT["rejections"]) == (1.0, 2.0, 3.0)


def test_a_run_s_totals_are_those_of_its_stages() -> None:
    metadata = with_totals(EXPORTS, [numbers_of(LAYOUT)])
    numbers = numbers_of(metadata)
    assert (numbers["gpu_seconds"], numbers["gpu_seconds/heron"]) == (3.0, 3.0)
    assert numbers["gpu_seconds_per_page"] == 1.5
    assert numbers["cpu_seconds"] == 1.5
    assert numbers["cost"] == pytest.approx(3.0 + 0.01 + 0.005)
    assert numbers["pages_per_second"] == pytest.approx(2 / 5.0)
    assert (numbers["overhead_gpu_seconds"], numbers["overhead_gpu_seconds/heron"]) == (0.5, 0.5)
    assert (numbers["saved_gpu_seconds"], numbers["saved_cpu_seconds"]) == (5.0, 2.1)
    assert (numbers["stage/cpu_seconds"], numbers["stage/pages_per_second"]) == (0.5, 2.0)


def test_the_stage_s_own_numbers_are_found_again_among_totals() -> None:
    exports = dg.AssetMaterialization("exports", metadata=with_totals(EXPORTS, [numbers_of(LAYOUT)]))
    assert own_numbers(numbers_of(exports.metadata)) == numbers_of(EXPORTS)
    layout = dg.AssetMaterialization("layout", metadata=LAYOUT)
    assert own_numbers(numbers_of(layout.metadata)) == numbers_of(LAYOUT)


def test_a_run_that_found_everything_done_costs_nothing() -> None:
    found = outcome_metadata([record("a", device=3.0, reused=True)], 0.1, PRICE)
    totals = run_totals([numbers_of(found)])
    assert (totals["gpu_seconds"], totals["cpu_seconds"], totals["gpu_seconds_per_page"]) == (0.0, 0.0, 0.0)
    assert totals.get("cost", 0.0) == 0.0
    assert totals["saved_gpu_seconds"] == 3.0
