"""How things stand, as gauges: of a ledger with rows, and of an instance with runs and a backfill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from docmill.pipeline.corpus.ledger.entries import DocumentRow, SourceRow, State, to_rows
from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.instance.dagster_internals import BACKFILL_ID_TAG, PARTITION_NAME_TAG
from docmill.pipeline.instance.metrics.standing import Gauge, of_instance, of_ledger, of_prices, of_rooms
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.price import Price

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
Values = dict[tuple[str, ...], float]


def values(gauges: Iterable[Gauge]) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for gauge in gauges:
        assert gauge.labels not in found.setdefault(gauge.family, {}), gauge
        found[gauge.family][gauge.labels] = gauge.value
    return found


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(DocumentStore(str(tmp_path / "store")))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as made:
        yield made


def row(name: str, state: State, ago: timedelta, page_count: int = 0) -> DocumentRow:
    return DocumentRow(
        id=name,
        name=f"{name}.pdf",
        source=f"/in/{name}.pdf",
        size=1,
        at=NOW - ago,
        batch="b1",
        origin="inbox",
        state=state,
        page_count=page_count,
    )


def test_an_empty_ledger_shows_that_nothing_waits(ledger: Ledger) -> None:
    found = values(of_ledger(ledger, NOW))
    assert set(found["docmill_ledger_documents"].values()) == {0}
    assert ("queued",) in found["docmill_ledger_documents"]
    assert found["docmill_waiting_pages"] == {(): 0}
    assert "docmill_oldest_waiting_timestamp_seconds" not in found
    assert found["docmill_overdue_batches"][("missing",)] == 0
    assert found["docmill_inbox_files"] == {("batch",): 0, ("settle",): 0}


def test_what_waits_is_counted_guessed_and_dated(ledger: Ledger) -> None:
    hours = timedelta(hours=1)
    rows = [
        row("a", "converted", 9 * hours, 10),
        row("b", "converted", 8 * hours, 20),
        row("c", "queued", 3 * hours, 7),
        row("d", "queued", 2 * hours),
        row("e", "failed", hours, 3),
    ]
    ledger.documents.append(to_rows(rows))
    seen = SourceRow(
        address="/in/x.pdf", version="v", size=1, at=NOW, waits="batch", since=NOW - timedelta(minutes=4)
    )
    ledger.see([seen, SourceRow(address="/in/y.pdf", version="v", size=1, at=NOW)])
    found = values(of_ledger(ledger, NOW))
    assert found["docmill_ledger_documents"][("queued",)] == 2
    assert found["docmill_ledger_documents"][("failed",)] == 1
    # of the one that was not opened as many as the others have on average
    assert found["docmill_waiting_pages"][()] == 7 + 10
    assert found["docmill_oldest_waiting_timestamp_seconds"][()] == (NOW - 3 * hours).timestamp()
    assert found["docmill_overdue_batches"][("missing",)] == 1
    assert found["docmill_inbox_files"] == {("batch",): 1, ("settle",): 0}
    assert found["docmill_inbox_oldest_timestamp_seconds"][()] == (NOW - timedelta(minutes=4)).timestamp()


def run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, **tags: str) -> None:
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "__repository__")
    origin = RemoteJobOrigin(repository, "convert_documents")
    made = dg.DagsterRun("convert_documents", status=status, tags=tags, remote_job_origin=origin)
    instance.add_run(made)


def test_the_queue_and_backfills_of_an_instance(instance: dg.DagsterInstance) -> None:
    status, waiting = dg.DagsterRunStatus, {PARTITION_NAME_TAG: "b1", "lane": "inbox"}
    filled = {PARTITION_NAME_TAG: "b2", "lane": "backfill", BACKFILL_ID_TAG: "fill"}
    run(instance, status.QUEUED, **waiting)
    run(instance, status.STARTED, **filled)
    run(instance, status.SUCCESS, **filled)
    run(instance, status.FAILURE, **filled)
    run(instance, status.QUEUED)  # of no batch
    backfill = PartitionBackfill(
        "fill",
        BulkActionStatus.REQUESTED,
        from_failure=False,
        tags={},
        backfill_timestamp=NOW.timestamp(),
        partition_names=["b2", "b3", "b4", "b5", "b6"],
    )
    instance.add_backfill(backfill)
    found = values(of_instance(instance, {"new_pdfs"}, datetime.now(UTC)))
    assert found["docmill_batches"]["queued", "inbox"] == 1
    assert found["docmill_batches"]["running", "backfill"] == 1
    assert found["docmill_batches"]["queued", "backfill"] == 0
    assert set(found["docmill_oldest_batch_timestamp_seconds"]) == {("queued",), ("running",)}
    assert found["docmill_stuck_runs"] == {(): 0}
    states = {state: count for (_, state), count in found["docmill_backfill_batches"].items()}
    assert states == {"asked": 2, "queued": 0, "running": 1, "succeeded": 1, "failed": 1, "canceled": 0}


def test_rooms_and_prices(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "runs.db").write_bytes(b"x" * 100)
    found = values(of_rooms({"store": tmp_path}, tmp_path))
    assert found["docmill_database_bytes"] == {(): 100}
    assert found["docmill_free_bytes"][("store",)] > 0
    assert not list(of_prices(None, 10.0))
    prices = values(of_prices(Price(2.0, "EUR", 0.1), 20.0))
    assert prices["docmill_price_per_hour"] == {("gpu", "EUR"): 2.0, ("cpu", "EUR"): 0.1}
    assert prices["docmill_budget_per_day"] == {("EUR",): 20.0}
    assert "docmill_budget_per_day" not in values(of_prices(Price(2.0), None))
