"""The queue of runs: one that comes without a lane gets one, whoever launches it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import dagster as dg

from docmill.pipeline.instance.dagster_internals import BACKFILL_ID_TAG, USER_TAG
from docmill.pipeline.instance.runs.lanes import PRIORITY_TAG, Lane, lane_tags

__all__ = ["LanedRunCoordinator"]

#: How Dagster marks runs that no person launched.
_AUTOMATION = ("dagster/sensor_name", "dagster/schedule_name", "dagster/from_automation_condition")
#: How proxies that people sign in at say who it is.
_SIGNED_IN = ("X-Forwarded-Email", "X-Forwarded-User")


class LanedRunCoordinator(dg.QueuedRunCoordinator):
    """Dagster's queue, with docmill's lanes for the runs that the UI launches.

    Runs of a backfill are in the lane `backfill`, others that somebody launched in `interactive`; a lane that
    was chosen in the launchpad or among a backfill's tags stands. Runs of sensors and schedules are as these
    made them.
    """

    def submit_run(self, context: dg.SubmitRunContext) -> dg.DagsterRun:
        """Queue a run, in its lane."""
        run = context.dagster_run
        lacking = {key: value for key, value in _lane(run.tags).items() if key not in run.tags}
        asker = next((said for name in _SIGNED_IN if (said := context.get_request_header(name))), None)
        if asker and USER_TAG not in run.tags:
            lacking[USER_TAG] = asker
        if lacking:
            self._instance.add_run_tags(run.run_id, lacking)
        return super().submit_run(context)


def _lane(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags of the lane that a run belongs to."""
    for lane in get_args(Lane):
        if tags.get("lane") == lane:
            return lane_tags(lane)
    if "lane" in tags or PRIORITY_TAG in tags:
        return {}
    if BACKFILL_ID_TAG in tags:
        return lane_tags("backfill")
    return {} if any(tag in tags for tag in _AUTOMATION) else lane_tags("interactive")
