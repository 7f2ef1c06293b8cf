"""Dagster's own sensor daemon with docmill's code location, an iteration at a time.

The location is a process of its own, as the daemon has it. Its clock is the real one; the daemon's goes on by
what a test says, so that sensors are due.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorTick
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.sensor import execute_sensor_iteration

__all__ = ["Ticking", "ticking"]

_MODULE = "docmill.pipeline.defs.definitions"


class Ticking:
    """A daemon and what it knows of its sensors."""

    def __init__(self, workspace: Any, instance: dg.DagsterInstance) -> None:
        self._workspace, self._instance = workspace, instance
        self._now = datetime.now(UTC)

    def go_on(self, seconds: float = 61.0) -> None:
        """Every sensor that is on and due ticks once."""
        self._now += timedelta(seconds=seconds)
        with freeze_time(self._now):
            list(execute_sensor_iteration(self._workspace, logging.getLogger("ticking"), None, None))

    def ticks(self, sensor: str) -> list[InstigatorTick]:
        """Of one sensor, the latest first."""
        state = self._state(sensor)
        return list(self._instance.get_ticks(state.instigator_origin_id, state.selector_id))

    def cursor(self, sensor: str) -> str | None:
        """Where a sensor is."""
        data = self._state(sensor).instigator_data
        return data.cursor if data else None

    def origin(self, job: str) -> Any:
        """What a run of the code location's has that a daemon launched."""
        [entry] = self._workspace.create_request_context().get_code_location_entries().values()
        [repository] = entry.code_location.get_repositories().values()
        return repository.get_full_job(job).get_remote_origin()

    def _state(self, sensor: str) -> Any:
        states = self._instance.all_instigator_state()
        [found] = [state for state in states if state.instigator_name == sensor]
        return found


@contextmanager
def ticking(instance: dg.DagsterInstance) -> Iterator[Ticking]:
    """A daemon whose code location has the environment of now."""
    target = ModuleTarget(
        module_name=_MODULE, attribute=None, working_directory=None, location_name="docmill"
    )
    with create_test_daemon_workspace_context(target, instance) as workspace:
        yield Ticking(workspace, instance)
