"""Sensors that tell people: of runs that failed, and of what else is wrong while nothing runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.defs.automation.interrupted_runs import INTERRUPTED_RUNS
from docmill.pipeline.defs.automation.sensors import NEW_PDFS, REQUESTED_BATCHES, UNRETRIED_RUNS
from docmill.pipeline.defs.convert_files import CONVERT_FILES
from docmill.pipeline.defs.jobs import CONVERT_DOCUMENTS, REPORT_CORPUS
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import taking
from docmill.pipeline.instance.dagster_internals import location_of
from docmill.pipeline.instance.launcher import HOST_TAG
from docmill.pipeline.instance.watching.alerts import failed_runs, failure_text, newest_failure
from docmill.pipeline.instance.watching.news import Told, news
from docmill.pipeline.instance.watching.ticks import tickers
from docmill.pipeline.instance.watching.troubles import (
    FailureShare,
    Trouble,
    failing,
    many_failures,
    silent_sensors,
)
from docmill.resources.alerts import Alerts
from docmill.resources.clients.webhook import Webhook
from docmill.resources.inbox import Inbox

__all__ = ["ALERT_ON_TROUBLE", "WATCHED", "alert_on_failure", "alert_on_trouble", "troubles_of"]

ALERT_ON_TROUBLE = "alert_on_trouble"
#: The sensors and schedules that are looked after.
WATCHED = (
    NEW_PDFS,
    REQUESTED_BATCHES,
    UNRETRIED_RUNS,
    INTERRUPTED_RUNS,
    "alert_on_failure",
    "nightly_backfill",
    "daily_report",
)
#: Failed runs that one message has the steps of.
_DETAILED = 10


def _on_if_told(alerts: Alerts) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if alerts.url else dg.DefaultSensorStatus.STOPPED


def alert_on_failure(names: Names, alerts: Alerts, assets: Iterable[str]) -> dg.SensorDefinition:
    """The sensor of that name: it is on when there is a webhook.

    It tells of runs of docmill's jobs, and those of its `assets` alone that somebody launched from the UI. It
    is no `run_failure_sensor`: one of these goes on to the next run when nobody could be told.
    """
    jobs = {names.of(each) for each in (CONVERT_DOCUMENTS, CONVERT_FILES, REPORT_CORPUS)}
    keys = {names.key(asset) for asset in assets}

    @dg.sensor(
        name=names.of("alert_on_failure"),
        description="Tells a Slack-compatible webhook which run failed, at which step and why.",
        minimum_interval_seconds=30,
        default_status=_on_if_told(alerts),
    )
    @taking({"alerts": Alerts}, names.resource_prefix)
    def sensor(context: dg.SensorEvaluationContext, resources: Mapping[str, Any]) -> dg.SensorResult:
        def ours(run: dg.DagsterRun) -> bool:
            # who runs docmill at a terminal sees it there
            if HOST_TAG in run.tags or location_of(run) not in (None, _location(context)):
                return False
            return run.job_name in jobs or not keys.isdisjoint(run.asset_selection or ())

        return _failures(context, resources["alerts"], ours)

    return sensor


def alert_on_trouble(names: Names, alerts: Alerts, exports: str) -> dg.SensorDefinition:
    """The sensor of that name: it is on when there is a webhook. `exports` is the last stage's asset."""

    @dg.sensor(
        name=names.of(ALERT_ON_TROUBLE),
        description="Tells a Slack-compatible webhook of sensors that fail or do not tick, and of many "
        "documents that were not converted: when it begins, now and then, and when it is over.",
        minimum_interval_seconds=60,
        default_status=_on_if_told(alerts),
    )
    @taking({"alerts": Alerts, "inbox": Inbox}, names.resource_prefix)
    def sensor(context: dg.SensorEvaluationContext, resources: Mapping[str, Any]) -> dg.SensorResult:
        told: Alerts = resources["alerts"]
        now = datetime.now(UTC)
        found = troubles_of(
            context.instance, names, told, resources["inbox"], exports, now, _location(context)
        )
        webhook = _open(told)
        lines, after = news(Told.parse(context.cursor), found, now, timedelta(hours=told.remind_hours))
        if lines:
            webhook.post("\n".join(lines))
        said = f"{len(lines)} things were told" if lines else "there is nothing new to tell"
        return dg.SensorResult(cursor=after.dump(), skip_reason=f"{said}; {len(after.open)} are wrong")

    return sensor


def troubles_of(
    instance: dg.DagsterInstance,
    names: Names,
    alerts: Alerts,
    inbox: Inbox,
    exports: str,
    now: datetime,
    location: str | None = None,
    watched: Iterable[str] = WATCHED,
) -> Iterator[Trouble]:
    """What is wrong with docmill's sensors and schedules, its inbox and its documents, but for the daemon."""
    on = tickers(instance, {names.of(each) for each in watched}, alerts.failed_ticks, location)
    yield from failing(on.values(), alerts.failed_ticks, now)
    # an instance goes on to call a sensor on that is no longer so by default
    set_up = {REQUESTED_BATCHES, UNRETRIED_RUNS, INTERRUPTED_RUNS, *({NEW_PDFS} if inbox.place else ())}
    expected = [on[name] for each in watched if each in set_up and (name := names.of(each)) in on]
    longest = timedelta(minutes=alerts.stale_minutes)
    yield from silent_sensors(expected, alerts.failed_ticks, longest, now)
    share = FailureShare(alerts.max_failed_share, alerts.min_documents)
    yield from many_failures(instance, names.key(exports), share, now)


def _failures(
    context: dg.SensorEvaluationContext, alerts: Alerts, ours: Callable[[dg.DagsterRun], bool]
) -> dg.SensorResult:
    instance, webhook = context.instance, _open(alerts)
    if not (context.cursor or "").isdigit():
        return dg.SensorResult(
            cursor=str(newest_failure(instance)), skip_reason="runs that fail from now on are told of"
        )
    found = failed_runs(instance, int(context.cursor or ""), ours)
    texts = [failure_text(instance, run, said, alerts.ui) for run, said in found.runs[:_DETAILED]]
    if len(found.runs) > _DETAILED:
        texts.append(f"and {len(found.runs) - _DETAILED} more runs")
    if texts:
        # before the cursor moves: who cannot be told now is told by a later tick
        webhook.post("\n".join(texts))
    return dg.SensorResult(cursor=str(found.last), skip_reason=f"{len(found.runs)} runs failed")


def _open(alerts: Alerts) -> Webhook:
    """Raises `BackendConfigError` where there is nobody to tell: the tick fails."""
    if not alerts.url:
        raise BackendConfigError("nobody is told: set $DOCMILL_ALERT_WEBHOOK, or the resource `alerts`")
    return alerts.open()


def _location(context: dg.SensorEvaluationContext) -> str | None:
    origin = context.code_location_origin
    return origin.location_name if origin else None
