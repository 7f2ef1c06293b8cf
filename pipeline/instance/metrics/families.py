"""Every metric that docmill exports: its name, labels, and what it is.

Names and units follow Prometheus' conventions (https://prometheus.io/docs/practices/naming/). Counters are
named without `_total`, which the text format adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["BUCKETS_S", "COUNTERS", "FAMILIES", "GAUGES", "HISTOGRAMS", "Family", "Kind"]

Kind = Literal["counter", "gauge", "histogram"]

#: Upper bounds of the histograms of seconds: a batch takes a tenth of a second to hours.
BUCKETS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)


@dataclass(frozen=True)
class Family:
    """A metric."""

    kind: Kind
    name: str
    labels: tuple[str, ...]
    help: str


_COUNTERS = (
    Family("counter", "docmill_documents", ("outcome", "reason"), "Ends of documents in runs."),
    Family("counter", "docmill_pages", ("outcome",), "Pages of documents that came to an end in runs."),
    Family("counter", "docmill_stage_documents", ("stage", "outcome"), "Documents that a stage looked at."),
    Family("counter", "docmill_stage_pages", ("stage",), "Pages that a stage worked on."),
    Family("counter", "docmill_stage_reused", ("stage",), "Documents that a stage found done already."),
    Family("counter", "docmill_worker_seconds", ("stage",), "Wall time of workers."),
    Family("counter", "docmill_cpu_seconds", ("stage",), "CPU time of workers."),
    Family("counter", "docmill_device_seconds", ("stage", "model"), "Time of servers' devices, by them."),
    Family(
        "counter", "docmill_overhead_device_seconds", ("stage", "model"), "The same that is no document's."
    ),
    Family("counter", "docmill_overhead_cpu_seconds", ("stage",), "CPU time that is no document's."),
    Family("counter", "docmill_lost_workers", ("stage",), "Workers that died, hung or were killed."),
    Family("counter", "docmill_retries", ("stage",), "Chunks of pages that were tried again."),
    Family("counter", "docmill_rejections", ("stage",), "Inferences that servers turned away."),
    Family("counter", "docmill_breaker_openings", ("stage", "model"), "Times that workers gave a server up."),
    Family("counter", "docmill_fallback_pages", ("stage",), "Pages done while their server was away."),
    Family("counter", "docmill_detected_pages", ("stage",), "Pages that a layout model saw, in doubt."),
    Family("counter", "docmill_cost", ("stage", "currency"), "Cost at the prices of the run."),
    Family(
        "counter", "docmill_characters", ("fate",), "Letters and digits of pages, by what became of them."
    ),
    Family("counter", "docmill_runs", ("job", "status"), "Runs of batches that ended."),
)
_HISTOGRAMS = (
    Family("histogram", "docmill_stage_duration_seconds", ("stage",), "Wall time of a stage over a batch."),
)
_GAUGES = (
    Family(
        "gauge", "docmill_breaker_open", ("stage", "model"), "1: given up, and no batch got through since."
    ),
    Family("gauge", "docmill_batches", ("state", "lane"), "Batches whose run waits or works."),
    Family(
        "gauge", "docmill_oldest_batch_timestamp_seconds", ("state",), "Since when the oldest of them does."
    ),
    Family("gauge", "docmill_stuck_runs", (), "Runs that work and have said nothing for ten minutes."),
    Family("gauge", "docmill_ledger_documents", ("state",), "Documents of the ledger by where they stand."),
    Family("gauge", "docmill_waiting_pages", (), "Pages of documents that wait; those not opened guessed."),
    Family("gauge", "docmill_oldest_waiting_timestamp_seconds", (), "Since when the oldest of them waits."),
    Family("gauge", "docmill_inbox_files", ("waits",), "Files that were seen and are in no batch yet."),
    Family("gauge", "docmill_inbox_oldest_timestamp_seconds", (), "Since when the oldest of them waits."),
    Family("gauge", "docmill_overdue_batches", ("why",), "Batches that should run and wait for nobody."),
    Family("gauge", "docmill_backfill_batches", ("backfill", "state"), "Batches of backfills under way."),
    Family("gauge", "docmill_ticker_on", ("ticker", "type"), "1 for sensors and schedules that are on."),
    Family("gauge", "docmill_ticker_failures", ("ticker", "type"), "Ticks that failed in a row."),
    Family("gauge", "docmill_ticker_good_timestamp_seconds", ("ticker", "type"), "When a tick went well."),
    Family(
        "gauge", "docmill_daemon_heartbeat_timestamp_seconds", (), "The oldest sign of Dagster's daemons."
    ),
    Family("gauge", "docmill_store_bytes", (), "What the store holds; absent when it cannot be listed soon."),
    Family("gauge", "docmill_database_bytes", (), "Dagster's database; absent when it is on a server."),
    Family("gauge", "docmill_run_log_bytes", (), "Logs of runs on this machine."),
    Family("gauge", "docmill_free_bytes", ("of",), "Room that is left on the disks of store and instance."),
    Family("gauge", "docmill_price_per_hour", ("of", "currency"), "Prices in force of a GPU and a CPU."),
    Family("gauge", "docmill_budget_per_day", ("currency",), "What a day may cost; absent without one."),
    Family("gauge", "docmill_exporter_refreshed_timestamp_seconds", ("part",), "When a part was read."),
    Family("gauge", "docmill_exporter_refresh_seconds", ("part",), "What reading it took."),
    Family("gauge", "docmill_exporter_failures", ("part",), "Times in a row that a part could not be read."),
)


def _by_name(families: tuple[Family, ...]) -> Mapping[str, Family]:
    return MappingProxyType({family.name: family for family in families})


COUNTERS = _by_name(_COUNTERS)
HISTOGRAMS = _by_name(_HISTOGRAMS)
GAUGES = _by_name(_GAUGES)
FAMILIES = MappingProxyType({**COUNTERS, **HISTOGRAMS, **GAUGES})
