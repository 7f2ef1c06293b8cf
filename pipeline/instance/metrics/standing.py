"""How things stand at a moment, as gauges."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, get_args

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from docmill.pipeline.corpus.ledger.entries import State
from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.pipeline.corpus.waiting import Waiting
from docmill.pipeline.instance.dagster_internals import active_backfills
from docmill.pipeline.instance.watching.disk import instance_bytes
from docmill.pipeline.instance.watching.queue import active_runs, last_heartbeat
from docmill.pipeline.instance.watching.ticks import tickers
from docmill.pipeline.intake.overdue import OVERDUE_COLUMNS, overdue_batches
from docmill.resources.price import Price

__all__ = ["Gauge", "of_instance", "of_ledger", "of_prices", "of_rooms"]

_STUCK = timedelta(minutes=10)
#: Ticks that are looked at.
_TICKS = 20
_STATES: tuple[State, ...] = get_args(State)


class Gauge(NamedTuple):
    """A value of a family of `families.GAUGES` under these labels."""

    family: str
    value: float
    labels: tuple[str, ...] = ()


def of_instance(instance: dg.DagsterInstance, watched: Collection[str], now: datetime) -> Iterator[Gauge]:
    """What waits and works, how Dagster's daemons do, and the sensors and schedules that are `watched`."""
    runs = active_runs(instance)
    counts = Counter((_state(run.queued), run.lane) for run in runs)
    for state in ("queued", "running"):
        since = [run.since.timestamp() for run in runs if _state(run.queued) == state]
        if since:
            yield Gauge("docmill_oldest_batch_timestamp_seconds", min(since), (state,))
        for lane in ("interactive", "inbox", "backfill"):
            counts.setdefault((state, lane), 0)
    for (state, lane), count in counts.items():
        yield Gauge("docmill_batches", count, (state, lane))
    yield Gauge("docmill_stuck_runs", sum(run.stuck(now, _STUCK) for run in runs))
    for backfill in active_backfills(instance):
        for state, count in backfill.batches.items():
            yield Gauge("docmill_backfill_batches", count, (backfill.id, state))
    for ticker in tickers(instance, watched, _TICKS).values():
        labels = (ticker.name, "sensor" if ticker.is_sensor else "schedule")
        yield Gauge("docmill_ticker_on", 1.0, labels)
        yield Gauge("docmill_ticker_failures", ticker.failed, labels)
        if ticker.last_good:
            yield Gauge("docmill_ticker_good_timestamp_seconds", ticker.last_good.timestamp(), labels)
    if heartbeat := last_heartbeat(instance):
        yield Gauge("docmill_daemon_heartbeat_timestamp_seconds", heartbeat.timestamp())


def of_ledger(ledger: Ledger, now: datetime) -> Iterator[Gauge]:
    """Where documents stand, what waits, and what should run."""
    columns = sorted({*OVERDUE_COLUMNS, "page_count"})
    tables = list(ledger.documents.scan(columns))
    states: Counter[str] = Counter(dict.fromkeys(_STATES, 0))
    since: list[datetime] = []
    waiting = Waiting()
    for table in tables:
        states.update(
            {each["values"]: each["counts"] for each in pc.value_counts(table["state"]).to_pylist()}
        )
        since += _earliest(waiting.add(table)["at"])
    for state, count in states.items():
        yield Gauge("docmill_ledger_documents", count, (state,))
    yield Gauge("docmill_waiting_pages", waiting.pages)
    if since:
        yield Gauge("docmill_oldest_waiting_timestamp_seconds", min(since).timestamp())
    whys = Counter(each.why for each in overdue_batches(tables, None, now=now))
    for why in ("interrupted", "missing", "failed"):
        yield Gauge("docmill_overdue_batches", whys[why], (why,))
    yield from _of_sources(ledger)


def of_rooms(places: Mapping[str, Path], home: Path) -> Iterator[Gauge]:
    """Bytes of Dagster's instance at `home`, and the room that is left at these places of this machine."""
    database, logs = instance_bytes(home)
    if database is not None:
        yield Gauge("docmill_database_bytes", database)
    yield Gauge("docmill_run_log_bytes", logs)
    for name, path in places.items():
        yield Gauge("docmill_free_bytes", shutil.disk_usage(path).free, (name,))


def of_prices(price: Price | None, budget_per_day: float | None) -> Iterator[Gauge]:
    """The prices in force, and what a day may cost."""
    if price and budget_per_day is not None:
        yield Gauge("docmill_budget_per_day", budget_per_day, (price.currency,))
    if price:
        yield Gauge("docmill_price_per_hour", price.per_gpu_hour, ("gpu", price.currency))
        yield Gauge("docmill_price_per_hour", price.per_cpu_hour, ("cpu", price.currency))


def _of_sources(ledger: Ledger) -> Iterator[Gauge]:
    waits: Counter[str] = Counter({"batch": 0, "settle": 0})
    since: list[datetime] = []
    for table in ledger.sources.scan(["waits", "since"]):
        waiting = table.filter(pc.not_equal(pc.fill_null(table["waits"], ""), ""))
        waits.update(waiting["waits"].to_pylist())
        since += _earliest(waiting["since"])
    for why, count in waits.items():
        yield Gauge("docmill_inbox_files", count, (why,))
    if since:
        yield Gauge("docmill_inbox_oldest_timestamp_seconds", min(since).timestamp())


def _earliest(moments: pa.ChunkedArray) -> list[datetime]:
    """The first of them, if there is any."""
    first = pc.min(moments).as_py()
    return [] if first is None else [first]


def _state(queued: bool) -> str:
    return "queued" if queued else "running"
