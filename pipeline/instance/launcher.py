"""Runs as processes of the code server, whose death is found whoever died with them.

Dagster's default launcher leaves it to the code server to notice that a run's process is gone. When the
server is gone too, or could not reach the database just then, nobody does, and the run holds its place in the
queue for ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from socket import gethostname
from typing import Any

import dagster as dg
import psutil

from docmill.pipeline.instance.dagster_internals import (
    GRPC_INFO_TAG,
    CheckRunHealthResult,
    WorkerStatus,
    engine_metadata,
)

__all__ = ["HOST_TAG", "WatchedRunLauncher"]

#: Where a run is that no code server has started.
HOST_TAG = "docmill/host"

#: Clocks of a process's start and of events differ by less.
_CLOCKS_S = 2.0


class WatchedRunLauncher(dg.DefaultRunLauncher):
    """Dagster's default launcher, with a look at the process of each run for the instance's run monitoring.

    The look is at this machine's processes: at runs of code servers beside the daemon, which is where Dagster
    starts them by default, and of the command line. Runs elsewhere are taken to be well.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """True: run monitoring asks."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process that the run has told of is still there."""
        found = self._process(run)
        if found is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "its process is not known here")
        pid, told = found
        try:
            process = psutil.Process(pid)
            # a later process may have the same number
            if process.create_time() <= told + _CLOCKS_S and process.status() != psutil.STATUS_ZOMBIE:
                return CheckRunHealthResult(WorkerStatus.RUNNING)
        except psutil.NoSuchProcess:
            pass
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"its process {pid} is gone")

    def _process(self, run: dg.DagsterRun) -> tuple[int, float] | None:
        """The number of the run's process on this machine, and when that was told."""
        if not _is_here(run.tags):
            return None
        for entry in self._instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            event = entry.dagster_event
            if event and (pid := engine_metadata(event).get("pid")):
                return int(str(pid.value)), entry.timestamp
        return None


def _is_here(tags: Mapping[str, str]) -> bool:
    if HOST_TAG in tags:
        return tags[HOST_TAG] == gethostname()
    server: dict[str, Any] = json.loads(tags.get(GRPC_INFO_TAG, "{}"))
    return bool(server.get("socket")) or server.get("host") in ("localhost", "127.0.0.1", "::1")
