"""Device and CPU seconds in records, metadata and prices."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from docmill.pipeline.convert.errors import CorruptPdfError
from docmill.pipeline.instance.reporting.metadata import cost_metadata, outcome_metadata
from docmill.pipeline.stages.results.accounting import summed
from docmill.pipeline.stages.results.final import with_totals
from docmill.pipeline.stages.results.records import PageIssue, StageRecord, merge, quarantine
from docmill.resources.price import Price
from docmill.resources.settings.pricing import Pricing


def record(name: str, spent: dict[str, float], *, reused: bool = False) -> StageRecord:
    return StageRecord(
        stage="layout", document=name, name=name, pages=[1], device_seconds=spent, reused=reused
    )


def test_embedded_engines_spend_nothing_that_is_shown() -> None:
    metadata = outcome_metadata([record("a.pdf", {})], 1.0, Price(3.6))
    assert not [key for key in metadata if "device" in key or "cost" in key]
    assert not [c.name for c in metadata["documents_table"].schema.columns if "device" in c.name]


def test_chunks_add_up_by_model() -> None:
    assert summed([{"a": 1.0}, {}, {"a": 0.5, "b": 2.0}]) == {"a": 1.5, "b": 2.0}
    whole = merge([record("a.pdf", {"a": 1.0}), record("a.pdf", {"a": 0.5})])
    assert whole.device_seconds == {"a": 1.5}


def test_metadata_has_each_document_and_totals_without_what_was_reused() -> None:
    records = [
        record("a.pdf", {"layout": 1.0}),
        record("b.pdf", {"layout": 2.0, "other": 0.5}),
        record("c.pdf", {"layout": 9.0}, reused=True),
    ]
    metadata = outcome_metadata(records, 1.0, Price(7200.0, "EUR"))
    assert metadata["device_seconds"] == 3.5
    assert metadata["device_seconds/layout"] == 3.0
    assert metadata["cost_EUR"] == pytest.approx(7.0)
    rows = {row.data["document"]: row.data for row in metadata["documents_table"].records}
    assert [rows[name]["device_seconds"] for name in ("a.pdf", "b.pdf", "c.pdf")] == [1.0, 2.5, 9.0]
    assert rows["b.pdf"]["cost_EUR"] == pytest.approx(5.0)
    assert "cost_EUR" not in outcome_metadata(records, 1.0)


def test_the_table_has_all_that_need_attention_and_only_some_of_the_others() -> None:
    good = [record(f"good{number:02d}.pdf", {}) for number in range(40)]
    bad = [
        StageRecord(stage="layout", document=name, name=name, status="failed", message="no", remedy="none")
        for name in ("x.pdf", "y.pdf")
    ]
    metadata = outcome_metadata([*good, *bad], 1.0, ordinary=16)
    shown = [row.data["document"] for row in metadata["documents_table"].records]
    assert shown[:2] == ["x.pdf", "y.pdf"]
    assert len(shown) == 18
    assert metadata["documents"] == 42.0


def rows_of(metadata: dict[str, Any]) -> dict[str, Any]:
    return {row.data["document"]: row.data for row in metadata["documents_table"].records}


def test_embedded_models_cost_cpu_seconds() -> None:
    records = [record("a.pdf", {}), record("b.pdf", {"layout": 1.0}, reused=True)]
    records[0].cpu_seconds, records[1].cpu_seconds = 7.2, 3.6
    metadata = outcome_metadata(records, 1.0, Price(per_cpu_hour=0.5))
    assert (metadata["cpu_seconds"], metadata["cost_USD"]) == (7.2, pytest.approx(0.001))
    assert rows_of(metadata)["b.pdf"]["cpu_seconds"] == 3.6
    assert rows_of(metadata)["b.pdf"]["cost_USD"] == pytest.approx(0.0005)


def test_what_documents_took_in_all_stages_has_what_was_reused() -> None:
    records = [record("a.pdf", {"layout": 3.6}), record("b.pdf", {"layout": 7.2}, reused=True)]
    for each in records:
        each.cpu_seconds, each.seconds = 36.0, 40.0
    metadata = cost_metadata(records, Price(1.0, "EUR", 0.1))
    assert metadata["all_stages/cpu_seconds"] == 72.0
    assert metadata["all_stages/worker_seconds"] == 80.0
    assert metadata["all_stages/device_seconds"] == pytest.approx(10.8)
    assert metadata["all_stages/cost_EUR"] == pytest.approx(0.005)
    assert rows_of(metadata)["b.pdf"]["cost_EUR"] == pytest.approx(0.003)
    assert "all_stages/cost_EUR" not in cost_metadata(records)


def test_what_became_of_text_is_summed() -> None:
    records = [record("a.pdf", {}), record("b.pdf", {}, reused=True)]
    for each in records:
        each.counts = {"files": 1.0, "characters_read": 100.0, "characters_lost": 2.0}
    metadata = cost_metadata(records)
    assert metadata["all_stages/characters/read"] == 200.0
    assert metadata["all_stages/characters/lost"] == 4.0
    assert with_totals(record("a.pdf", {}), records).characters == {"read": 100.0, "lost": 2.0}


def test_the_second_column_is_one_word_of_why_and_the_last_the_whole_story() -> None:
    broken = CorruptPdfError("its cross-reference table is broken")
    given_up = quarantine("pages", "d", "bad.pdf", broken, 0.1)
    lacking = record("some.pdf", {})
    lacking.issues = [PageIssue(3, "layout", "timed_out", "no answer within 300 s")]
    metadata = outcome_metadata([given_up, lacking, record("good.pdf", {})], 1.0)
    columns = [column.name for column in metadata["documents_table"].schema.columns]
    assert columns[:2] == ["document", "reason"]
    assert columns[-1] == "what"
    reasons = {name: row["reason"] for name, row in rows_of(metadata).items()}
    assert reasons == {"bad.pdf": "corrupt", "some.pdf": "timed_out", "good.pdf": ""}
    assert "cross-reference" in rows_of(metadata)["bad.pdf"]["what"]


def test_a_record_of_an_earlier_version_took_no_cpu_seconds() -> None:
    before = msgspec.json.encode(record("a.pdf", {})).replace(b'"cpu_seconds":0.0,', b"")
    assert b"cpu_seconds" not in before
    assert msgspec.json.decode(before, type=StageRecord).cpu_seconds == 0.0


def test_no_price_is_no_cost() -> None:
    assert Pricing().price() is None
    assert Pricing(per_cpu_hour=0.04).price() == Price(0.0, "USD", 0.04)
    assert Pricing(per_gpu_hour=1.8, currency="EUR").price() == Price(1.8, "EUR")
