"""Device seconds in records, metadata and prices."""

from __future__ import annotations

import pytest

from docmill.pipeline.instance.metadata import outcome_metadata
from docmill.pipeline.stages.results.accounting import device_seconds, summed
from docmill.pipeline.stages.results.records import StageRecord, merge
from docmill.resources.price import Price
from docmill.resources.settings.pricing import Pricing


class Window:
    def close(self) -> dict[str, float]:
        return {"layout": 1.5}


class OnAServer:
    def open_window(self) -> Window:
        return Window()


def record(name: str, spent: dict[str, float], *, reused: bool = False) -> StageRecord:
    return StageRecord(
        stage="layout", document=name, name=name, pages=[1], device_seconds=spent, reused=reused
    )


def test_what_a_server_measured_is_there_when_the_block_ends() -> None:
    with device_seconds(OnAServer()) as spent:
        assert spent == {}
    assert spent == {"layout": 1.5}


def test_embedded_engines_and_none_spend_nothing_that_is_shown() -> None:
    for engine in (None, object()):
        with device_seconds(engine) as spent:
            pass
        assert spent == {}
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


def test_no_price_is_no_cost() -> None:
    assert Pricing().price() is None
    assert Pricing(per_gpu_hour=1.8, currency="EUR").price() == Price(1.8, "EUR")
