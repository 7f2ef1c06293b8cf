"""Counting on in Dagster's event log, from where it was left, and writing down what was counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import dagster as dg

from docmill.pipeline.convert.errors import document_reasons
from docmill.pipeline.instance.metrics.events import (
    OUTCOMES,
    count_failed,
    count_given_up,
    count_run,
    count_stage,
)
from docmill.pipeline.instance.metrics.replay import Fetch, Place, read_on
from docmill.pipeline.instance.metrics.standing import Gauge
from docmill.pipeline.instance.metrics.state import Past, load_past, save_past
from docmill.pipeline.instance.metrics.tally import Tally
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["NEW_S", "LogCounts"]

#: A new series is shown at 0 for so long: whoever scrapes once a minute has then seen it.
NEW_S = 60.0
_Ending = Literal[
    dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED
]
_ENDS: Mapping[_Ending, str] = {
    dg.DagsterEventType.RUN_SUCCESS: "success",
    dg.DagsterEventType.RUN_FAILURE: "failure",
    dg.DagsterEventType.RUN_CANCELED: "canceled",
}
_BY_STAGE = (
    "stage_pages",
    "stage_reused",
    "worker_seconds",
    "cpu_seconds",
    "overhead_cpu_seconds",
    "lost_workers",
    "retries",
    "rejections",
    "fallback_pages",
)


def _begin(tally: Tally, stages: Iterable[str], currency: str | None) -> None:
    """Show what there may be to count, before there is any."""
    tally.begin("docmill_documents", "converted", "")
    for outcome in OUTCOMES[1:]:
        for reason in document_reasons():
            tally.begin("docmill_documents", outcome, reason)
    for outcome in OUTCOMES:
        tally.begin("docmill_pages", outcome)
        for stage in stages:
            tally.begin("docmill_stage_documents", stage, outcome)
    for stage in stages:
        for family in _BY_STAGE:
            tally.begin(f"docmill_{family}", stage)
        if currency:
            tally.begin("docmill_cost", stage, currency)


class LogCounts:
    """The counters of an instance's log; `stages` are the assets by stage, the last of which ends documents.

    One process at a time counts for a store; another one that only looks does not `keep` what it counts.
    `currency` is that of the prices in force.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        stages: Mapping[str, dg.AssetKey],
        store: DocumentStore,
        *,
        currency: str | None = None,
        keep: bool = True,
    ) -> None:
        self._instance = instance
        self._stages = stages
        self._store = store
        self._currency = currency
        self._keep = keep
        self._past: Past | None = None
        self._tally = Tally()

    @property
    def tally(self) -> Tally:
        """What has been counted and is written down."""
        return self._tally

    def read_on(self, now: datetime) -> Iterable[Gauge]:
        """Count what has happened since, and write it down. Raises what a database or a store does."""
        before = self._past or self._of_this_log(load_past(self._store))
        tally, places = self._tally_of(before, now.timestamp()), dict(before.places)
        worked, given_up = dict(before.worked), {stage: dict(each) for stage, each in before.given_up.items()}
        _begin(tally, self._stages, self._currency)
        for number, (stage, key) in enumerate(self._stages.items(), 1):
            last = number == len(self._stages)

            def count(event: dg.EventLogRecord, stage: str = stage, last: bool = last) -> None:
                made = event.asset_materialization
                if made and count_stage(tally, stage, made, last=last):
                    worked[stage] = max(worked.get(stage, 0), event.storage_id)

            def count_silence(event: dg.EventLogRecord, stage: str = stage) -> None:
                if noted := event.event_log_entry.asset_observation:
                    count_failed(tally, stage, noted)
                    for model in count_given_up(tally, stage, noted):
                        given_up.setdefault(stage, {})[model] = event.storage_id

            places[stage] = read_on(places.get(stage, Place()), self._stage_events(key), count, now)
            notes = f"{stage}/given_up"
            places[notes] = read_on(places.get(notes, Place()), self._notes(key), count_silence, now)
        for kind, status in _ENDS.items():

            def count_end(event: dg.EventLogRecord, status: str = status) -> None:
                count_run(tally, event.event_log_entry.job_name or "", status)

            places[kind.value] = read_on(places.get(kind.value, Place()), self._ends(kind), count_end, now)
        after = Past(places=places, rows=tally.rows(), worked=worked, given_up=given_up)
        if self._keep and after != before:
            save_past(self._store, after)
        self._past, self._tally = after, tally
        return [
            Gauge(
                "docmill_breaker_open",
                float(given_up.get(stage, {}).get(model, 0) > worked.get(stage, 0)),
                (stage, model),
            )
            for stage, model in tally.counts("docmill_breaker_openings")
        ]

    def _tally_of(self, past: Past, now: float) -> Tally:
        """The counters that were counted before; what comes now is new, unless nobody has looked before."""
        if not self._keep:  # whoever looks once sees all there is
            tally = Tally.of(past.rows)
            tally.ripened(math.inf)
            return tally
        tally = Tally.of(past.rows, now if past.rows else 0.0)
        if self._past is None:  # nobody has seen them since: the exporter was not there
            tally.renewed(now)
        tally.ripened(now - NEW_S)
        return tally

    def _of_this_log(self, past: Past) -> Past:
        """The past; its places go when ids have begun anew, since the log's database was replaced."""
        for stage, key in self._stages.items():
            newest = self._instance.fetch_materializations(key, limit=1).records
            if past.places.get(stage, Place()).settled > (newest[0].storage_id if newest else 0):
                return Past(rows=past.rows)
        return past

    def _stage_events(self, key: dg.AssetKey) -> Fetch:
        def fetch(after: int, most: int) -> Sequence[dg.EventLogRecord]:
            wanted = dg.AssetRecordsFilter(key, after_storage_id=after)
            return self._instance.fetch_materializations(wanted, limit=most, ascending=True).records

        return fetch

    def _notes(self, key: dg.AssetKey) -> Fetch:
        def fetch(after: int, most: int) -> Sequence[dg.EventLogRecord]:
            wanted = dg.AssetRecordsFilter(key, after_storage_id=after)
            return self._instance.fetch_observations(wanted, limit=most, ascending=True).records

        return fetch

    def _ends(self, kind: _Ending) -> Fetch:
        def fetch(after: int, most: int) -> Sequence[dg.EventLogRecord]:
            wanted = dg.RunStatusChangeRecordsFilter(kind, after_storage_id=after)
            return self._instance.fetch_run_status_changes(wanted, limit=most, ascending=True).records

        return fetch
