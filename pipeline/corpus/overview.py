"""How things stand now: what waits, what runs, how fast, what failed, what it takes on disk and costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from docmill.pipeline.corpus.busy import busy_seconds
from docmill.pipeline.corpus.ledger.select import FAILED
from docmill.pipeline.corpus.waiting import Waiting, total
from docmill.resources.price import Price

__all__ = ["OVERVIEW_COLUMNS", "ActiveRun", "Disk", "Overview", "WorkSpan", "overview"]

#: The columns of the ledger that it needs.
OVERVIEW_COLUMNS = (
    "state",
    "reason",
    "at",
    "pages",
    "page_count",
    "device_seconds",
    "seconds",
    "cpu_seconds",
)
#: What "now" means for the rate, and "lately" for failures.
_RATE_WINDOW = timedelta(minutes=15)
_FAILURE_WINDOW = timedelta(hours=1)
#: A run that writes nothing for so long is stuck: progress is written every ten seconds.
_SILENCE = timedelta(minutes=10)
_READ = ("converted", "partial")


class ActiveRun(msgspec.Struct, frozen=True):
    """A run of a batch that waits or runs; `said` is when it last wrote into its log."""

    run: str
    batch: str
    queued: bool
    lane: str
    since: datetime
    said: datetime

    def stuck(self, now: datetime, after: timedelta) -> bool:
        """Whether it runs and has said nothing for so long."""
        return not self.queued and now - self.said > after


class WorkSpan(msgspec.Struct, frozen=True):
    """When a run worked."""

    start: datetime
    end: datetime


class Disk(msgspec.Struct, frozen=True):
    """Bytes; None where they cannot be told, as of a database elsewhere."""

    store: int | None
    database: int | None
    logs: int | None


class Overview(msgspec.Struct, frozen=True):
    """The state of everything at a moment (UTC).

    `pages_per_second` is over the time in which runs worked in the last quarter of an hour, None where none
    did; `eta_s` are the seconds that what waits takes at that rate. Failures are those of the last hour, by
    reason; worker seconds, GPU seconds and their cost are those of documents finished today.
    """

    at: datetime
    daemon: datetime | None
    documents_waiting: int
    pages_waiting: int
    batches_queued: int
    batches_running: int
    stuck: list[ActiveRun]
    pages_per_second: float | None
    eta_s: float | None
    failures: dict[str, int]
    documents_today: int
    pages_today: int
    worker_seconds_today: float
    device_seconds_today: float
    cost_today: float | None
    currency: str
    disk: Disk


def overview(
    documents: Iterable[pa.Table],
    runs: Sequence[ActiveRun],
    work: Sequence[WorkSpan],
    disk: Disk,
    *,
    daemon: datetime | None,
    price: Price | None,
    now: datetime,
) -> Overview:
    """The overview; `documents` are rows of the ledger with at least `OVERVIEW_COLUMNS`, as tables."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    failures: Counter[str] = Counter()
    devices: Counter[str] = Counter()
    waiting = Waiting()
    recent_pages = documents_today = pages_today = 0
    worker_seconds = cpu_seconds = 0.0
    for table in documents:
        waiting.add(table)
        failed = _since(table, now - _FAILURE_WINDOW, FAILED)
        failures += Counter(failed["reason"].to_pylist())
        recent_pages += total(_since(table, now - _RATE_WINDOW, _READ)["pages"])
        today = _since(table, midnight, (*_READ, *FAILED))
        documents_today += today.num_rows
        pages_today += total(today["pages"])
        worker_seconds += pc.sum(today["seconds"]).as_py() or 0.0
        cpu_seconds += pc.sum(today["cpu_seconds"]).as_py() or 0.0
        for spent in today["device_seconds"].to_pylist(maps_as_pydicts="strict"):
            devices.update(spent or {})
    window = now - _RATE_WINDOW
    busy = busy_seconds(
        (max(span.start, window).timestamp(), min(span.end, now).timestamp()) for span in work
    )
    rate = recent_pages / busy if busy and recent_pages else None
    return Overview(
        at=now,
        daemon=daemon,
        documents_waiting=waiting.documents,
        pages_waiting=waiting.pages,
        batches_queued=sum(run.queued for run in runs),
        batches_running=sum(not run.queued for run in runs),
        stuck=[run for run in runs if run.stuck(now, _SILENCE)],
        pages_per_second=rate,
        eta_s=waiting.pages / rate if rate and waiting.pages else None,
        failures=dict(failures.most_common()),
        documents_today=documents_today,
        pages_today=pages_today,
        worker_seconds_today=worker_seconds,
        device_seconds_today=sum(devices.values()),
        cost_today=price.of(devices, cpu_seconds) if price else None,
        currency=price.currency if price else "",
        disk=disk,
    )


def _since(table: pa.Table, moment: datetime, states: Sequence[str]) -> pa.Table:
    late = pc.greater_equal(table["at"], pa.scalar(moment, pa.timestamp("us", "UTC")))
    return table.filter(pc.and_(late, pc.is_in(table["state"], pa.array(list(states)))))
