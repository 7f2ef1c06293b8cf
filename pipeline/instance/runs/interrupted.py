"""Runs that ended before their batch did: which they are, why, and what the run after them is asked with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from docmill.pipeline.convert.errors import (
    RunCancelledError,
    RunDiedError,
    RunInterruptedError,
    ServerAwayError,
)
from docmill.pipeline.instance.dagster_internals import (
    AUTO_RETRY_RUN_ID_TAG,
    PARTITION_NAME_TAG,
    RUN_FAILURE_REASON_TAG,
    WILL_RETRY_TAG,
    RunFailureReason,
    failed_in_dagster,
    has_code_server,
    partition_of,
)
from docmill.pipeline.instance.launcher import HOST_TAG
from docmill.pipeline.instance.reporting.step_failures import failure_reason
from docmill.pipeline.instance.runs.lanes import PRIORITY_TAG, lane_tags
from docmill.pipeline.instance.runs.retries import RUN_AGAIN_TAG
from docmill.pipeline.intake.batches import CONVERT, Manifest

__all__ = [
    "INTERRUPTED_TAG",
    "TAKEN_UP_TAG",
    "WHY",
    "EndedRun",
    "RunSettings",
    "asked_like",
    "due_runs",
    "ended_runs",
    "settings_before",
    "why_interrupted",
]

#: Why a run left documents behind, on that run.
INTERRUPTED_TAG = "docmill/interrupted"
#: How many runs before this one left them behind.
TAKEN_UP_TAG = "docmill/taken_up"
#: Why a run was asked for, as a tag; in the metadata of a step's failure its cause: a server that is away,
#: or a run told to stop.
WHY = "docmill/why"

_ENDED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
#: Dagster's daemon runs it again, or has.
_GOES_ON = {WILL_RETRY_TAG: "true"}
#: These are of one run alone.
_NOT_HANDED_ON = frozenset({INTERRUPTED_TAG, TAKEN_UP_TAG, RUN_AGAIN_TAG, HOST_TAG})
_OF_ONE_RUN = ("dagster/", ".dagster/", "docmill/served.")
#: How long a batch waits before it is taken up, the first time and at most, and how often that is.
_FIRST_WAIT, _LONGEST_WAIT, _MOST_TIMES = timedelta(minutes=5), timedelta(hours=2), 12
#: Older ones are left to the nightly backfill.
_LOOK_BACK = timedelta(days=2)
#: Of the causes that pass by themselves, and not of those that a person has to do with.
_PASSING = (ServerAwayError.reason, RunDiedError.reason)


@dataclass(frozen=True)
class EndedRun:
    """A run that failed or was cancelled, its batch, and when Dagster last wrote of it."""

    run: dg.DagsterRun
    batch: str
    updated: datetime


@dataclass(frozen=True)
class RunSettings:
    """What a run was asked with, for another of the same batch."""

    run_config: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def but_with(self, config: Mapping[str, Any]) -> RunSettings:
        """The same but for another configuration's resources, and whatever else that says."""
        resources = {**self.run_config.get("resources", {}), **config.get("resources", {})}
        merged = {**self.run_config, **config, **({"resources": resources} if resources else {})}
        return RunSettings(merged, self.tags)

    @property
    def missing(self) -> list[str]:
        """Environment variables that its configuration names and that are not set here."""
        return sorted(name for name in _variables(self.run_config) if name not in os.environ)


def ended_runs(instance: dg.DagsterInstance, after: datetime) -> Iterator[EndedRun]:
    """Runs of a batch that ended badly and that nobody goes on with, the earliest first.

    Left out are those that are marked as interrupted already.
    """
    ended = dg.RunsFilter(statuses=_ENDED, updated_after=after)
    for record in instance.get_run_records(ended, order_by="update_timestamp", ascending=True):
        run = record.dagster_run
        batch = partition_of(run)
        goes_on = AUTO_RETRY_RUN_ID_TAG in run.tags or (
            has_code_server(run) and _GOES_ON.items() <= run.tags.items()
        )
        if batch and not goes_on and INTERRUPTED_TAG not in run.tags:
            yield EndedRun(run, batch, record.update_timestamp)


def why_interrupted(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunInterruptedError:
    """Why a run ended before its batch did."""
    named = f"its run {run.run_id}"
    if run.status is dg.DagsterRunStatus.CANCELED:
        return RunCancelledError(f"{named} was cancelled")
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    failures = [entry.dagster_event for entry in entries if entry.dagster_event]
    for event in failures:
        said = event.step_failure_data.user_failure_data
        if said is None or WHY not in said.metadata:
            continue
        if said.metadata[WHY].value == ServerAwayError.reason:
            return ServerAwayError(f"{named} failed: {said.description}")
        return _stopped(run, named)
    if failures and not any(failed_in_dagster(event) for event in failures):
        message = failure_reason(failures[0]).strip()
        return RunInterruptedError(f"{named} failed at the step {failures[0].step_key}: {message}")
    reason = run.tags.get(RUN_FAILURE_REASON_TAG, "")
    if reason == RunFailureReason.UNEXPECTED_TERMINATION.value:
        return _stopped(run, named)
    if reason in (RunFailureReason.RUN_EXCEPTION.value, RunFailureReason.JOB_INITIALIZATION_FAILURE.value):
        return RunInterruptedError(f"{named} could not begin; its events say why")
    return RunDiedError(f"{named} died")


def asked_like(run: dg.DagsterRun, why: str = "") -> RunSettings:
    """What another run of the same batch is asked with: the configuration and the tags of this one."""
    tags = {
        name: value
        for name, value in run.tags.items()
        if name == PRIORITY_TAG or not (name in _NOT_HANDED_ON or name.startswith(_OF_ONE_RUN))
    }
    # the command line's have no lane
    lane = {} if "lane" in tags else lane_tags("interactive")
    count = {TAKEN_UP_TAG: str(_times(run) + 1)}
    return RunSettings(run.run_config, {**lane, **tags, **count, **({WHY: why} if why else {})})


def settings_before(
    instance: dg.DagsterInstance, run: str, manifest: Manifest, why: str = ""
) -> RunSettings | None:
    """What a run was asked with, for the same batch again.

    When the instance knows it no more, that is nothing but the settings of now; and None for a batch that
    somebody converted by hand, with settings of its own.
    """
    before = instance.get_run_by_id(run) if run else None
    if before:
        return asked_like(before, why)
    return None if manifest.origin == CONVERT else RunSettings()


def due_runs(instance: dg.DagsterInstance, now: datetime) -> Iterator[EndedRun]:
    """Runs that something passing has ended, and whose batch has waited long enough, the earliest first.

    Left out are those whose batch has had another run since.
    """
    marked = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE],
        tags={INTERRUPTED_TAG: list(_PASSING)},
        updated_after=now - _LOOK_BACK,
    )
    for record in reversed(instance.get_run_records(marked)):
        run = record.dagster_run
        batch, times = partition_of(run), _times(run)
        ended = datetime.fromtimestamp(record.end_time or 0.0, UTC)
        if not batch or times >= _MOST_TIMES or now - ended < min(_FIRST_WAIT * 2**times, _LONGEST_WAIT):
            continue
        [latest] = instance.get_runs(dg.RunsFilter(tags={PARTITION_NAME_TAG: batch}), limit=1)
        if latest.run_id == run.run_id:
            yield EndedRun(run, batch, ended)


def _stopped(run: dg.DagsterRun, named: str) -> RunInterruptedError:
    """Its process was told to stop: at a terminal by Ctrl-C, elsewhere as its machine or daemon ended."""
    if has_code_server(run):
        return RunDiedError(f"{named} was told to stop")
    return RunCancelledError(f"{named} was stopped")


def _times(run: dg.DagsterRun) -> int:
    return int(run.tags.get(TAKEN_UP_TAG, "0"))


def _variables(config: object) -> Iterator[str]:
    """The environment variables that a run's configuration names."""
    if isinstance(config, Mapping):
        if list(config) == ["env"]:
            yield str(config["env"])
        for value in config.values():
            yield from _variables(value)
    elif isinstance(config, list):
        for value in config:
            yield from _variables(value)
