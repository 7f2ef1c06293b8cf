"""The benchmark of orchestration: what it calculates, and how it counts processes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import dagster as dg
import msgspec
import pytest
from rich.console import Console

from benchmarks.metrics.environment import environment
from benchmarks.orchestration import Figures
from benchmarks.scale.browser import BrowserMissingError, chromium
from benchmarks.scale.deployment import Deployment, NotReadyError, wait_until
from benchmarks.scale.filling import Filled, batch_keys, fill
from benchmarks.scale.pages import PageTime
from benchmarks.scale.projection import Measured, fitting_batch, project
from benchmarks.scale.report import measured, print_figures
from benchmarks.scale.resting import DaemonAtRest
from benchmarks.scale.runs import RunCost, one_page_documents
from benchmarks.scale.tree import ProcessTree
from docmill.pipeline.defs.partitions import BATCHES
from tests.support.model_cache import weights

FILLED = Filled(partitions=100, materialized=95, documents=64, index_bytes=64_000, log_bytes=128_000)


def cost(documents: int, run_s: float, stages_s: float) -> RunCost:
    return RunCost(documents, run_s, stages_s, 4.0, 3, 36.0)


def figures() -> Figures:
    return Figures(
        environment(),
        runs=[cost(1, 5.5, 0.5), cost(64, 24.3, 13.0)],
        database=FILLED,
        daemon=[DaemonAtRest(0, 3, 3, 300.0, 250.0, 60.0)],
        pages=[PageTime("asset", 1.0, 0.5, 0.2, 40.0)],
        ingest={"CPU ms per document": 0.5},
    )


def test_orchestration_is_what_a_run_takes_beyond_its_stages() -> None:
    assert cost(64, 19.4, 13.0).per_document_s == pytest.approx(0.1)
    assert cost(64, 19.4, 13.0).again_per_document_s == pytest.approx(4.0 / 64)


def test_what_a_run_costs_and_each_document_more_is_a_line_through_the_batches() -> None:
    found = measured(figures())
    assert found is not None
    assert found.run_s == pytest.approx(4.9)
    assert found.document_s == pytest.approx(0.1)
    assert (found.index_bytes, found.log_bytes) == (1000.0, 2000.0)
    assert found.ingest_s == pytest.approx(0.0005)


def test_a_cheaper_large_batch_is_noise_and_documents_cost_nothing_more() -> None:
    found = measured(Figures(environment(), runs=[cost(1, 6.0, 0.0), cost(64, 5.0, 0.0)], database=FILLED))
    assert found is not None
    assert (found.run_s, found.document_s) == (5.0, 0.0)


def test_nothing_is_calculated_from_what_was_not_measured() -> None:
    assert measured(Figures(environment(), runs=[cost(1, 6.0, 0.0)])) is None


def test_a_million_documents_on_paper() -> None:
    found = project(Measured(6.4, 0.1, 1000, 2000, 0.001), 1_000_000, 64)
    assert (found.partitions, found.ticks) == (15_625, 313)
    assert found.tick_hours == pytest.approx(313 * 5 / 3600)
    assert found.cpu_hours == pytest.approx((15_625 * 6.4 + 100_000 + 1000) / 3600)
    assert found.cpu_s_per_document == pytest.approx(0.201)
    assert (found.index_gb, found.logs_gb) == (1.0, 2.0)
    assert found.fits


def test_a_batch_is_as_large_as_dagsters_limit_of_partitions_wants() -> None:
    assert [fitting_batch(count) for count in (1, 1_000_000, 6_400_000, 6_400_001, 10_000_000)] == [
        *(64, 64, 64, 128, 128)
    ]
    assert not project(Measured(1, 0, 0, 0), 10_000_000, 64).fits


def test_the_report_shows_every_part_and_comes_back_from_json() -> None:
    console = Console(record=True, width=200)
    again = msgspec.json.decode(msgspec.json.encode(figures()), type=Figures)
    print_figures(again, console)
    text = console.export_text()
    for shown in ("stages alone", "0.177", "PSS MB", "JS heap", "CPU ms per document", "156,250 (over"):
        assert shown in text


def test_waiting_ends_with_what_did_not_happen() -> None:
    with pytest.raises(NotReadyError, match="rain: not within 0 s"):
        wait_until("rain", lambda: False, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans is Linux's")
def test_a_tree_counts_orphans_and_what_has_ended(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    # the shell in brackets ends at once and leaves its child behind
    command = ["sh", "-c", f"({sys.executable} -c '{burn}' &); exec sleep 60"]
    with ProcessTree(command, os.environ, tmp_path / "log") as tree:
        wait_until("the orphan begins", lambda: tree.runs(["process_time"]), 30)
        wait_until("the orphan has ended", lambda: not tree.runs(["process_time"]), 30)
        assert tree.running
        assert tree.cpu_seconds() > 0.4  # the kernel counts in ticks, and what ends between two looks less
        assert [each.command for each in tree.memory()] == ["sleep 60"]


def test_no_browser_is_said_with_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(BrowserMissingError, match="apt-get install chromium"):
        chromium()


def test_a_filled_instance_is_one_to_dagster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    deployment = Deployment(tmp_path / "deployment")
    filled = fill(deployment, one_page_documents(tmp_path, 2), partitions=21, done=0.5)
    assert (filled.partitions, filled.materialized, filled.documents) == (21, 11, 2)
    assert filled.index_bytes > 10_000
    with deployment.instance() as instance:
        assert len(instance.get_dynamic_partitions(BATCHES)) == 21
        done = instance.get_materialized_partitions(dg.AssetKey("exports"))
        assert len(done) == 11
        assert set(batch_keys(20)[:10]) < done
        last = instance.get_latest_materialization_event(dg.AssetKey("layout"))
        assert last
        assert last.asset_materialization
        assert last.asset_materialization.metadata["documents"].value == 2.0
        assert instance.get_runs_count() == 11
    with closing(sqlite3.connect(deployment.home / "history" / "runs" / "index.db")) as index:
        [(orphans,)] = index.execute(
            "select count(*) from asset_event_tags where event_id not in (select id from event_logs)"
        )
    assert orphans == 0
