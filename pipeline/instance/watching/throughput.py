"""How fast an instance's latest runs were, and how many of a lane go at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg

from docmill.pipeline.corpus.busy import busy_seconds
from docmill.pipeline.instance.dagster_internals import run_limits
from docmill.pipeline.instance.reporting.spending import numbers_of
from docmill.pipeline.instance.runs.lanes import Lane

__all__ = ["Throughput", "measured", "runs_at_once"]

#: Runs that are looked at, and those that count.
_LOOKED_AT, _COUNTED = 100, 20


@dataclass(frozen=True)
class Throughput:
    """What the last `runs` did: each so many pages a second, from when it was launched; `at_once` of them."""

    pages_per_second: float
    runs: int
    at_once: float

    def seconds(self, pages: int, at_once: float) -> float:
        """Wall-clock time of so many pages when runs go on as they did, at most `at_once` at a time.

        More at once than were measured are not counted on: they may share a machine.
        """
        return pages / (self.pages_per_second * max(1.0, min(at_once, self.at_once)))


@dataclass(frozen=True)
class _Run:
    pages: float
    began: float
    ended: float


def measured(instance: dg.DagsterInstance, exports: dg.AssetKey) -> Throughput | None:
    """How fast the latest runs were that did all of their work; None when there was none.

    `exports` is the asset of the last stage. A run that found finished work says nothing.
    """
    found = list(_latest_runs(instance, exports))
    pages = sum(run.pages for run in found)
    seconds = sum(run.ended - run.began for run in found)
    if not pages or seconds <= 0:
        return None
    return Throughput(
        pages / seconds, len(found), seconds / busy_seconds((run.began, run.ended) for run in found)
    )


def runs_at_once(instance: dg.DagsterInstance, lane: Lane) -> float:
    """How many runs of a lane the instance lets go at once; infinity where it does not say."""
    return min(run_limits(instance, "lane", lane), default=float("inf"))


def _latest_runs(instance: dg.DagsterInstance, exports: dg.AssetKey) -> Iterator[_Run]:
    counted = 0
    for event in instance.fetch_materializations(exports, limit=_LOOKED_AT).records:
        made = event.asset_materialization
        fresh = made and _all_fresh(instance, event.run_id)
        pages = numbers_of(made.metadata).get("pages", 0.0) if made and fresh else 0.0
        stats = instance.get_run_stats(event.run_id) if pages else None
        if stats and stats.end_time and (began := stats.launch_time or stats.start_time):
            yield _Run(pages, began, stats.end_time)
            counted += 1
            if counted == _COUNTED:
                return


def _all_fresh(instance: dg.DagsterInstance, run: str) -> bool:
    entries = instance.all_logs(run, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    events = [entry.asset_materialization for entry in entries if entry.asset_materialization]
    return bool(events) and all(numbers_of(made.metadata).get("reused", 0.0) == 0 for made in events)
