"""What is wrong at a moment, as far as Dagster's instance knows it: told to people, and asked by probes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from docmill.pipeline.instance.dagster_internals import heartbeats, reason_of
from docmill.pipeline.instance.launcher import HOST_TAG
from docmill.pipeline.instance.reporting.spending import numbers_of
from docmill.pipeline.instance.watching.ticks import Ticker

__all__ = ["FailureShare", "Trouble", "failing", "many_failures", "silent_daemons", "silent_sensors"]

#: What ticked last so long ago is a matter of whether it ticks at all.
_SENSOR_TICKS = timedelta(hours=1)
_SCHEDULE_TICKS = timedelta(hours=26)
#: The latest batches, which are enough for a share: each event has the table of its documents.
_BATCHES = 200
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong: by `key` it is known as the same later, `text` is Slack's mrkdwn."""

    key: str
    text: str


@dataclass(frozen=True)
class FailureShare:
    """How many documents of how long may not be converted, when there are so many."""

    most: float
    min_documents: int
    window: timedelta = timedelta(hours=1)


def failing(found: Iterable[Ticker], ticks: int, now: datetime) -> Iterator[Trouble]:
    """The sensors whose last `ticks` failed, and the schedules whose last tick did."""
    for each in found:
        recent = _SENSOR_TICKS if each.is_sensor else _SCHEDULE_TICKS
        needed = ticks if each.is_sensor else 1
        if each.last and now - each.last < recent and each.failed >= needed:
            what = "sensor" if each.is_sensor else "schedule"
            yield Trouble(f"tick/{each.name}", f"the {what} `{each.name}` fails: {each.error}")


def silent_sensors(
    found: Iterable[Ticker], ticks: int, longest: timedelta, now: datetime
) -> Iterator[Trouble]:
    """The sensors of which no tick has gone well for so long, and none failed: they do not tick at all."""
    for each in found:
        waited = now - each.last_good if each.last_good else timedelta()
        if each.is_sensor and waited > longest and each.failed < ticks:
            minutes = waited // timedelta(minutes=1)
            yield Trouble(
                f"silent/{each.name}", f"the sensor `{each.name}` has not ticked for {minutes} minutes"
            )


def many_failures(
    instance: dg.DagsterInstance, exports: dg.AssetKey, limits: FailureShare, now: datetime
) -> Iterator[Trouble]:
    """That too many documents were not converted, of those whose batch has come to its end lately.

    `exports` is the asset of the last stage; a batch that ran several times counts as it ran last. What
    somebody converts at a terminal he sees there.
    """
    since = (now - limits.window).timestamp()
    events = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=exports, after_timestamp=since), limit=_BATCHES
    ).records
    runs = instance.get_runs(dg.RunsFilter(run_ids=[event.run_id for event in events])) if events else ()
    at_terminals = {run.run_id for run in runs if HOST_TAG in run.tags}
    batches: dict[str | None, tuple[float, float]] = {}
    for event in events:  # the latest first
        made = event.asset_materialization
        if made and made.partition not in batches and event.run_id not in at_terminals:
            batches[made.partition] = _counts(made)
    documents = sum(count for count, _ in batches.values())
    bad = sum(count for _, count in batches.values())
    if documents >= limits.min_documents and bad > limits.most * documents:
        minutes = limits.window // timedelta(minutes=1)
        yield Trouble(
            "failures",
            f"{bad:.0f} of {documents:.0f} documents of the last {minutes} minutes were not converted: "
            f"`docmill documents --failed --since {minutes}m`",
        )


def silent_daemons(
    instance: dg.DagsterInstance, longest: timedelta, now: datetime, *, errors: bool = True
) -> Sequence[Trouble]:
    """The daemons that the instance needs and that have not been heard of for so long.

    With `errors` also those that say that something goes wrong in them.
    """
    found, silent = [], 0
    beats = heartbeats(instance)
    for daemon, beat in sorted(beats.items()):
        name = f"daemon/{daemon}"
        if beat is None:
            silent += 1
            found.append(Trouble(name, f"the daemon {daemon} has never run"))
        elif now - beat.at > longest:
            silent += 1
            found.append(Trouble(name, f"the daemon {daemon} is silent since {(now - beat.at) // _SECOND} s"))
        elif errors and beat.errors:
            found.append(Trouble(name, f"the daemon {daemon} has errors: {reason_of(beat.errors[0])}"))
    if silent and silent == len(beats):  # they are threads of one process
        last = max((beat.at for beat in beats.values() if beat), default=None)
        since = f"is silent since {(now - last) // _SECOND} s" if last else "has never run"
        return [Trouble("daemon", f"Dagster's daemon {since}")]
    return found


def _counts(made: dg.AssetMaterialization) -> tuple[float, float]:
    """A batch's documents, and those that were not converted."""
    numbers = numbers_of(made.metadata)
    return numbers.get("documents", 0.0), numbers.get("failed", 0.0) + numbers.get("quarantined", 0.0)
