"""What steps of a divided stage spend that fail: noted, and counted once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from pytest import approx

from docmill.pipeline.instance.metrics.counting import LogCounts
from docmill.pipeline.instance.reporting.spending import numbers_of
from docmill.pipeline.stages.selection import CHUNK_PAGES
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.settings.layout import Layout, TritonLayoutConfig
from docmill.resources.settings.pricing import Pricing
from docmill.resources.triton import Triton
from tests.support.kserve_server import KServeServer, Model
from tests.support.long_batches import definitions, long_pdf, made_batch
from tests.support.model_cache import weights
from tests.support.served_heron import heron

PAGES, SECONDS = 20, 2.0
LAYOUT = dg.AssetKey("layout")


@pytest.fixture
def model() -> Model:
    """It books its requests, and fails once, amid the second range."""
    made = heron("a")
    answer, failing = made.answer, [CHUNK_PAGES + 4]

    def booked(inputs: list[np.ndarray]) -> list[np.ndarray]:
        if len(made.requests) in failing:
            failing.clear()
            raise RuntimeError("out of memory")
        made.inferences += len(inputs[0])
        made.device_ns += round(SECONDS * 1e9) * len(inputs[0])
        return answer(inputs)

    made.answer = booked
    return made


def numbers(event: dg.AssetObservation | dg.AssetMaterialization | None) -> dict[str, float]:
    assert event is not None
    return numbers_of(event.metadata)


def test_what_a_failed_range_spent_is_noted_and_counted_once(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("tables").parent))
    manifest = made_batch(tmp_path, {"long.pdf": long_pdf(PAGES)})
    instance.add_dynamic_partitions("batches", [manifest.key])
    with KServeServer({"heron": model}) as server:
        made = definitions(
            str(tmp_path / "store"),
            CHUNK_PAGES,
            layout=Layout(backend=TritonLayoutConfig(model="heron")),
            triton=Triton(url=server.url, retries=0, shared_memory="off"),
            pricing=Pricing(per_gpu_hour=3600.0),
        )
        result = made.resolve_job_def("convert_documents").execute_in_process(
            partition_key=manifest.key, instance=instance, raise_on_error=False
        )
    assert result.success
    again = [event.step_key for event in result.all_events if event.is_step_up_for_retry]
    assert len(again) == 1 and (again[0] or "").startswith("layout.range[")
    kept = SECONDS * PAGES
    lost = model.device_ns / 1e9 - kept
    assert lost >= 3 * SECONDS
    [noted] = instance.fetch_observations(LAYOUT, limit=9).records
    spent = numbers(noted.asset_observation)
    assert spent["overhead_gpu_seconds/heron"] == approx(lost)
    assert spent["overhead_cost"] >= lost
    assert spent["overhead_cpu_seconds"] > 0
    assert (spent["pages"], spent["cpu_seconds"]) == (0.0, 0.0)  # page chunks are what the stage holds
    stage, run = (
        numbers(found.asset_materialization)
        for found in map(instance.get_latest_materialization_event, (LAYOUT, dg.AssetKey("exports")))
        if found
    )
    assert (stage["device_seconds/heron"], stage["overhead_gpu_seconds"]) == approx((kept, 0.0))
    assert (run["gpu_seconds"], run["overhead_gpu_seconds"]) == approx((kept, lost))
    counts = LogCounts(instance, {"layout": LAYOUT}, DocumentStore(str(tmp_path / "store")))
    counts.read_on(datetime.now(UTC))
    assert counts.tally.counts("docmill_device_seconds") == {("layout", "heron"): approx(kept)}
    assert counts.tally.counts("docmill_overhead_device_seconds") == {("layout", "heron"): approx(lost)}
