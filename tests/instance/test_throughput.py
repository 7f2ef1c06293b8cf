"""How fast runs were: of runs that really ran on an instance, with what their stages said."""

from __future__ import annotations

import dagster as dg
import pytest

from docmill.pipeline.instance.watching.throughput import Throughput, measured, runs_at_once

EXPORTS = dg.AssetKey("exports")


def run(instance: dg.DagsterInstance, pages: float, reused: float = 0.0) -> None:
    """A run whose exports say that they were of so many pages."""

    @dg.asset
    def pages_() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"reused": reused})

    @dg.asset(key=EXPORTS, deps=[pages_])
    def exports() -> dg.MaterializeResult[None]:
        numbers = {"reused": 0.0, "wall_seconds": 0.5, "pages": float(pages)}
        return dg.MaterializeResult(metadata=numbers)

    assert dg.materialize([pages_, exports], instance=instance).success


def test_throughput_is_of_whole_runs_that_did_all_their_work(instance: dg.DagsterInstance) -> None:
    assert measured(instance, EXPORTS) is None
    run(instance, pages=1000.0, reused=3.0)
    assert measured(instance, EXPORTS) is None
    for _ in range(2):
        run(instance, pages=10.0)
    found = measured(instance, EXPORTS)
    assert found is not None
    records = [
        record
        for record in instance.get_run_records()
        if record.start_time and record.end_time and record.dagster_run.is_success
    ][:2]
    longest = sum((each.end_time or 0.0) - each.create_timestamp.timestamp() for each in records)
    assert found.runs == 2
    assert 20.0 / longest < found.pages_per_second
    assert found.at_once == pytest.approx(1.0)  # one after the other


def test_more_at_once_than_were_measured_are_not_counted_on() -> None:
    alone, together = Throughput(2.0, 5, 1.0), Throughput(2.0, 5, 2.0)
    assert (alone.seconds(120, 1.0), alone.seconds(120, 8.0)) == (60.0, 60.0)
    assert (together.seconds(120, 1.0), together.seconds(120, 8.0)) == (60.0, 30.0)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ({"max_concurrent_runs": 4}, 4.0),
        ({"max_concurrent_runs": 4, "tag_concurrency_limits": [{"key": "lane", "limit": 3}]}, 3.0),
        (
            {
                "max_concurrent_runs": 4,
                "tag_concurrency_limits": [
                    {"key": "lane", "value": "backfill", "limit": 2},
                    {"key": "lane", "value": "inbox", "limit": 1},
                    {"key": "other", "limit": 1},
                ],
            },
            2.0,
        ),
    ],
)
def test_a_lane_has_the_queue_s_limits(tmp_path: str, runs: dict[str, object], expected: float) -> None:
    queue = {"module": "dagster.core.run_coordinator", "class": "QueuedRunCoordinator"}
    settings = {"concurrency": {"runs": runs}, "run_coordinator": queue}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides=settings) as instance:
        assert runs_at_once(instance, "backfill") == expected


def test_an_instance_without_a_queue_has_no_limits(instance: dg.DagsterInstance) -> None:
    assert runs_at_once(instance, "backfill") in (10.0, float("inf"))
