"""What a materialization adds to the counters, whatever else it says."""

from __future__ import annotations

import dagster as dg
import pytest

from docmill.pipeline.instance.metrics.events import count_given_up, count_run, count_stage
from docmill.pipeline.instance.metrics.tally import Tally
from docmill.pipeline.instance.reporting.metadata import outcome_metadata
from docmill.pipeline.stages.results.records import StageRecord


def grown(tally: Tally, family: str) -> dict[tuple[str, ...], float]:
    return dict(tally.counts(family))


def test_only_the_last_stage_ends_documents() -> None:
    made = dg.AssetMaterialization("x", metadata={"ended/converted": 3.0, "ended_pages/converted": 7.0})
    first, last = Tally(), Tally()
    count_stage(first, "layout", made, last=False)
    count_stage(last, "exports", made, last=True)
    assert not grown(first, "docmill_documents")
    assert grown(last, "docmill_documents") == {("converted", ""): 3}
    assert grown(last, "docmill_pages") == {("converted",): 7}


def test_what_is_no_number_and_what_an_earlier_docmill_did_not_say_count_nothing() -> None:
    made = dg.AssetMaterialization("x", metadata={"pages": "seven", "cpu_seconds": 1.5, "cost_EUR": 0.25})
    tally = Tally()
    count_stage(tally, "layout", made, last=True)
    assert not grown(tally, "docmill_stage_pages")
    assert grown(tally, "docmill_cpu_seconds") == {("layout",): 1.5}
    assert grown(tally, "docmill_cost") == {("layout", "EUR"): 0.25}


def test_a_model_has_all_of_its_counters_as_soon_as_it_has_one() -> None:
    made = dg.AssetMaterialization("x", metadata={"overhead_gpu_seconds/heron": 1.5})
    tally = Tally()
    count_stage(tally, "layout", made, last=False)
    for family in ("docmill_device_seconds", "docmill_breaker_openings"):
        assert grown(tally, family) == {("layout", "heron"): 0}
    assert grown(tally, "docmill_overhead_device_seconds") == {("layout", "heron"): 1.5}


def test_pages_that_the_embedded_models_did_in_place_of_a_server_are_counted() -> None:
    tally = Tally()
    for metadata in ({"fallback_pages": 3.0}, {"pages": 5.0}):
        count_stage(tally, "layout", dg.AssetMaterialization("x", metadata=metadata), last=False)
    assert grown(tally, "docmill_fallback_pages") == {("layout",): 3}


def test_pages_that_the_layout_model_saw_are_counted_where_it_is_asked_in_doubt() -> None:
    tally = Tally()
    records = [
        StageRecord(stage="layout", document="a", name="a.pdf", pages=[1, 2], counts={"detected_pages": 1}),
        StageRecord(stage="layout", document="b", name="b.pdf", pages=[1], counts={"detected_pages": 1}),
        StageRecord(stage="layout", document="c", name="c.pdf", counts={"detected_pages": 5}, reused=True),
    ]
    for batch in (records, [StageRecord(stage="layout", document="d", name="d.pdf", pages=[1])]):
        made = dg.AssetMaterialization("x", metadata=outcome_metadata(batch, 1.0))
        count_stage(tally, "layout", made, last=False)
    assert grown(tally, "docmill_detected_pages") == {("layout",): 2}


def test_a_note_of_a_step_says_which_servers_were_given_up() -> None:
    noted = dg.AssetObservation("x", metadata={"given_up/heron": 2.0, "given_up/ocr": 1.0, "run": "1"})
    tally = Tally()
    assert count_given_up(tally, "layout", noted) == ["heron", "ocr"]
    assert grown(tally, "docmill_breaker_openings") == {("layout", "heron"): 2, ("layout", "ocr"): 1}


@pytest.mark.parametrize(
    ("metadata", "did"),
    [({"pages": 3.0}, True), ({"pages": 0.0}, False), ({"stage/pages": 2.0, "run_pages": 0.0}, True)],
)
def test_only_work_that_was_done_shows_that_servers_answer(metadata: dict[str, float], did: bool) -> None:
    assert count_stage(Tally(), "x", dg.AssetMaterialization("x", metadata=metadata), last=True) == did


def test_runs_are_counted_by_job_and_end() -> None:
    tally = Tally()
    count_run(tally, "convert_documents", "success")
    count_run(tally, "convert_documents", "success")
    assert grown(tally, "docmill_runs") == {("convert_documents", "success"): 2}
