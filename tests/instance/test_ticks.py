"""How ticks went, of sensors and schedules as an instance keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo

from docmill.pipeline.instance.watching.ticks import tickers
from docmill.pipeline.instance.watching.troubles import failing, silent_sensors

NOW = datetime(2026, 11, 29, 2, 13, tzinfo=UTC)
GOOD, BAD, UNDER_WAY = TickStatus.SKIPPED, TickStatus.FAILURE, TickStatus.STARTED
ERROR = SerializableErrorInfo("docmill.SourceMissingError: there is no inbox\n", [], "SourceMissingError")


def keep(
    instance: dg.DagsterInstance,
    name: str,
    ticks: Sequence[TickStatus],
    *,
    location: str = "docmill",
    schedule: bool = False,
    status: InstigatorStatus = InstigatorStatus.RUNNING,
    ago: timedelta = timedelta(),
    on_since: timedelta | None = None,
) -> None:
    """A sensor with these ticks, the latest last, a minute between two, the latest so long ago."""
    server = GrpcServerCodeLocationOrigin(host="localhost", port=1, socket=None, location_name=location)
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(server, "__repository__"), name)
    kind = InstigatorType.SCHEDULE if schedule else InstigatorType.SENSOR
    on = (NOW - on_since).timestamp() if on_since is not None else None
    data: Any = (
        ScheduleInstigatorData("0 2 * * *", None)
        if schedule
        else SensorInstigatorData(last_sensor_start_timestamp=on)
    )
    state = InstigatorState(origin, kind, status, data)
    instance.add_instigator_state(state)
    for back, tick in enumerate(reversed(ticks)):
        instance.create_tick(
            TickData(
                state.instigator_origin_id,
                name,
                kind,
                tick,
                (NOW - ago - timedelta(minutes=back)).timestamp(),
                selector_id=state.selector_id,
                error=ERROR if tick is BAD else None,
            )
        )


def troubles(instance: dg.DagsterInstance, *names: str, location: str | None = None) -> list[str]:
    found = tickers(instance, names, 2, location).values()
    silent = silent_sensors(found, 2, timedelta(minutes=15), NOW)
    return [each.text for each in [*failing(found, 2, NOW), *silent]]


def test_one_tick_that_fails_is_no_trouble_and_two_are(instance: dg.DagsterInstance) -> None:
    keep(instance, "one", [BAD, GOOD, BAD, UNDER_WAY])
    keep(instance, "two", [GOOD, BAD, BAD])
    keep(instance, "over", [BAD, BAD, GOOD])
    assert troubles(instance, "one", "two", "over") == ["the sensor `two` fails: there is no inbox"]


def test_a_schedule_ticks_once_a_day(instance: dg.DagsterInstance) -> None:
    keep(instance, "nightly", [GOOD, BAD], schedule=True, ago=timedelta(hours=20))
    keep(instance, "former", [BAD], schedule=True, ago=timedelta(days=3))
    assert troubles(instance, "nightly", "former") == ["the schedule `nightly` fails: there is no inbox"]


def test_what_is_off_or_of_a_location_that_is_gone_is_no_trouble(instance: dg.DagsterInstance) -> None:
    keep(instance, "off", [BAD, BAD], status=InstigatorStatus.STOPPED)
    keep(instance, "moved", [BAD, BAD], location="former", ago=timedelta(minutes=5))
    keep(instance, "moved", [GOOD], location="docmill")
    keep(instance, "switched", [BAD, BAD], location="former", ago=timedelta(minutes=5))
    keep(instance, "switched", [GOOD], status=InstigatorStatus.STOPPED)
    assert troubles(instance, "off", "moved", "switched") == []
    assert troubles(instance, "moved", location="former") == ["the sensor `moved` fails: there is no inbox"]


def test_what_has_not_ticked_for_long_is_silent_unless_it_was_just_switched_on(
    instance: dg.DagsterInstance,
) -> None:
    keep(instance, "silent", [GOOD], ago=timedelta(minutes=40))
    keep(instance, "on again", [GOOD], ago=timedelta(hours=9), on_since=timedelta(minutes=1))
    keep(instance, "never", [], on_since=timedelta(minutes=20))
    assert troubles(instance, "silent", "on again", "never") == [
        "the sensor `silent` has not ticked for 40 minutes",
        "the sensor `never` has not ticked for 20 minutes",
    ]
