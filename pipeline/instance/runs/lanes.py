"""Lanes of runs: what somebody waits for goes before what the inbox brings, and that before backfills.

The queued run coordinator takes runs by priority; `deploy/dagster.yaml` limits how many backfills
run at once.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["LANE_TAGS", "PRIORITY_TAG", "Lane", "lane_tags"]

#: The queue orders runs by it, as Dagster documents. Written out: who asks for runs imports no Dagster.
PRIORITY_TAG = "dagster/priority"
#: The tags that put a run in a lane.
LANE_TAGS = ("lane", PRIORITY_TAG)

Lane = Literal["interactive", "inbox", "backfill"]

_PRIORITY: dict[Lane, int] = {"interactive": 10, "inbox": 0, "backfill": -1}


def lane_tags(lane: Lane, **more: str) -> dict[str, str]:
    """The tags that put a run in a lane; `more` are docmill's own, e.g. `why`."""
    own = {f"docmill/{name}": value for name, value in more.items()}
    return {"lane": lane, PRIORITY_TAG: str(_PRIORITY[lane]), **own}
