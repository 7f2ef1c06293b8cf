"""Counters that only grow, and what is written down of them."""

from __future__ import annotations

import msgspec
import pytest

from docmill.pipeline.instance.metrics.families import BUCKETS_S
from docmill.pipeline.instance.metrics.tally import Row, Spread, Tally


def written(tally: Tally) -> Tally:
    return Tally.of(msgspec.json.decode(msgspec.json.encode(tally.rows()), type=list[Row]))


def test_what_is_written_down_comes_back_and_is_counted_on() -> None:
    tally = Tally()
    tally.add("docmill_documents", 2, "converted", "")
    tally.add("docmill_documents", 1, "failed", "timed_out")
    tally.observe("docmill_stage_duration_seconds", 0.3, "layout")
    again = written(tally)
    again.add("docmill_documents", 1, "converted", "")
    again.observe("docmill_stage_duration_seconds", 1e9, "layout")
    assert again.counts("docmill_documents") == {("converted", ""): 3, ("failed", "timed_out"): 1}
    [spread] = again.spreads("docmill_stage_duration_seconds").values()
    assert spread.counts[BUCKETS_S.index(0.5)] == 1
    assert spread.counts[-1] == 1
    assert spread.sum == pytest.approx(1e9 + 0.3)


def test_a_value_at_a_bound_is_within_it() -> None:
    spread = Spread()
    spread.add(0.5)
    assert spread.counts[BUCKETS_S.index(0.5)] == 1


def test_nothing_is_counted_of_nothing() -> None:
    tally = Tally()
    tally.add("docmill_cost", 0.0, "layout", "EUR")
    assert not tally.counts("docmill_cost")


def test_what_comes_is_shown_at_0_until_it_has_ripened_also_over_a_restart() -> None:
    old = Tally()
    old.add("docmill_runs", 5, "job", "success")
    tally = Tally.of(old.rows(), now=100.0)
    tally.add("docmill_runs", 1, "job", "success")
    tally.add("docmill_runs", 7, "job", "failure")
    tally.observe("docmill_stage_duration_seconds", 0.3, "layout")
    again = written(tally)
    for each in (tally, again):
        assert each.counts("docmill_runs")["job", "failure"] == 7
        assert each.shown_counts("docmill_runs") == {("job", "success"): 6, ("job", "failure"): 0}
        [spread] = each.shown_spreads("docmill_stage_duration_seconds").values()
        assert sum(spread.counts) == spread.sum == 0
    again.renewed(200.0)
    again.ripened(200.0)
    assert again.shown_counts("docmill_runs")["job", "failure"] == 0
    again.ripened(200.1)
    assert again.shown_counts("docmill_runs")["job", "failure"] == 7
    [spread] = again.shown_spreads("docmill_stage_duration_seconds").values()
    assert sum(spread.counts) == 1
    assert not any(row.new_at for row in again.rows())


def test_to_count_on_changes_nothing_that_was_written_down() -> None:
    tally = Tally()
    tally.observe("docmill_stage_duration_seconds", 0.3, "layout")
    rows = tally.rows()
    Tally.of(rows).observe("docmill_stage_duration_seconds", 0.3, "layout")
    assert rows == Tally.of(rows).rows()
    assert rows[0].value == Spread([0, 0, 1, *[0] * (len(BUCKETS_S) - 2)], 0.3)


def test_wrong_labels_and_families_are_errors() -> None:
    tally = Tally()
    with pytest.raises(ValueError, match="labels"):
        tally.add("docmill_cost", 1.0, "layout")
    with pytest.raises(KeyError):
        tally.add("docmill_nothing", 1.0)


def test_what_is_not_counted_any_more_is_left_out() -> None:
    kept = Row("docmill_runs", ["job", "success"], 4.0)
    gone = [
        Row("docmill_gone", [], 1.0),
        Row("docmill_runs", ["job"], 1.0),
        Row("docmill_stage_duration_seconds", ["layout"], Spread([1, 2], 3.0)),
    ]
    tally = Tally.of([kept, *gone])
    assert tally.rows() == [kept]
