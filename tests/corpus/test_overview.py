"""How things stand, from the ledger's rows and Dagster's runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from docmill.pipeline.corpus.ledger.entries import DOCUMENTS, DocumentRow, State, to_rows
from docmill.pipeline.corpus.overview import ActiveRun, Disk, Overview, WorkSpan, overview
from docmill.resources.price import Price

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
DISK = Disk(1, None, 2)


def row(
    state: State, *, ago: timedelta, pages: int = 0, page_count: int = 0, reason: str = ""
) -> DocumentRow:
    converted = state in ("converted", "partial")
    return DocumentRow(
        id=f"{state}{ago}{pages}{page_count}{reason}",
        name="a.pdf",
        source="/in/a.pdf",
        size=1,
        at=NOW - ago,
        batch="b",
        state=state,
        reason=reason,
        pages=pages,
        page_count=page_count,
        seconds=2.0,
        device_seconds={"heron": 1800.0} if converted else {},
    )


def run(said: timedelta, *, queued: bool = False) -> ActiveRun:
    return ActiveRun("r1", "b", queued, "inbox", NOW - timedelta(hours=1), NOW - said)


def seen(rows: list[DocumentRow], runs: list[ActiveRun], work: list[WorkSpan]) -> Overview:
    halves = [rows[::2], rows[1::2]]
    tables = [pa.Table.from_pylist(to_rows(half), DOCUMENTS) for half in halves]
    return overview(tables, runs, work, DISK, daemon=NOW, price=Price(2.0, "EUR"), now=NOW)


def test_the_rate_is_that_of_the_time_in_which_runs_worked() -> None:
    minutes = timedelta(minutes=1)
    rows = [
        row("converted", ago=5 * minutes, pages=30, page_count=30),
        row("partial", ago=6 * minutes, pages=30, page_count=31),
        row("converted", ago=40 * minutes, pages=900, page_count=900),
        row("queued", ago=minutes, page_count=39),
        row("queued", ago=2 * minutes),
    ]
    work = [
        WorkSpan(NOW - 8 * minutes, NOW - 6 * minutes),
        WorkSpan(NOW - 7 * minutes, NOW - 6 * minutes),
        WorkSpan(NOW - 20 * minutes, NOW - 14 * minutes),
    ]
    found = seen(rows, [], work)
    assert found.pages_per_second == 60 / 180
    assert found.documents_waiting == 2
    # the one that nobody has opened is taken for a usual one: 1000 pages in 4 documents
    assert found.pages_waiting == 39 + 250
    assert found.eta_s == (39 + 250) * 3


def test_where_nothing_was_finished_no_rate_is_said() -> None:
    found = seen([row("queued", ago=timedelta(0))], [], [WorkSpan(NOW - timedelta(minutes=1), NOW)])
    assert (found.pages_per_second, found.eta_s) == (None, None)


def test_failures_of_the_last_hour_by_reason_and_what_today_took() -> None:
    rows = [
        row("quarantined", ago=timedelta(minutes=59), reason="encrypted"),
        row("quarantined", ago=timedelta(minutes=1), reason="encrypted"),
        row("failed", ago=timedelta(minutes=2), reason="timed_out"),
        row("failed", ago=timedelta(minutes=61), reason="internal"),
        row("converted", ago=timedelta(hours=11), pages=3, page_count=3),
        row("converted", ago=timedelta(hours=13), pages=5, page_count=5),
    ]
    found = seen(rows, [], [])
    assert found.failures == {"encrypted": 2, "timed_out": 1}
    assert (found.documents_today, found.pages_today) == (5, 3)
    assert found.worker_seconds_today == 10.0
    assert (found.device_seconds_today, found.cost_today, found.currency) == (1800.0, 1.0, "EUR")


def test_a_run_that_says_nothing_is_stuck_and_one_that_waits_is_not() -> None:
    silent, busy = run(timedelta(minutes=11)), run(timedelta(minutes=1))
    found = seen([], [silent, busy, run(timedelta(hours=1), queued=True)], [])
    assert found.stuck == [silent]
    assert (found.batches_running, found.batches_queued) == (2, 1)
