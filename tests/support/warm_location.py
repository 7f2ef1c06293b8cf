"""The code location of `warm_definitions` as a daemon has it: a code server, and runs that it starts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import psutil
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget

from tests.support.warm_settings import SETTING

__all__ = ["WarmLocation", "served", "until"]

ROOT = Path(__file__).parents[2]
_NAME = "here"


def until(happened: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What it gives when that is something; AssertionError when it is nothing for so long."""
    deadline = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


@dataclass
class WarmLocation:
    """`setting` is the file that the definitions read."""

    instance: dg.DagsterInstance
    context: WorkspaceProcessContext
    setting: Path

    def launch(self) -> str:
        """Have the code server start a run; its id."""
        request = self.context.create_request_context()
        location = request.get_code_location(_NAME)
        [repository] = location.get_repositories().values()
        job = repository.get_full_job("telling")
        plan = location.get_execution_plan(job, {}, None, None)
        run = self.instance.create_run(
            job_name=job.name,
            run_id=None,
            run_config={},
            resolved_op_selection=None,
            status=dg.DagsterRunStatus.NOT_STARTED,
            tags={},
            root_run_id=None,
            parent_run_id=None,
            step_keys_to_execute=None,
            execution_plan_snapshot=plan.execution_plan_snapshot,
            job_snapshot=job.job_snapshot,
            parent_job_snapshot=None,
            asset_selection=None,
            asset_check_selection=None,
            op_selection=None,
            remote_job_origin=job.get_remote_origin(),
            job_code_origin=job.get_python_origin(),
            asset_graph=repository.asset_graph,
        )
        self.instance.launch_run(run.run_id, request)
        return run.run_id

    def told(self, run: str) -> dict[str, Any]:
        """What the run says of itself, once it does."""
        file = self.setting.with_suffix(".runs")

        def line() -> dict[str, Any] | None:
            lines = file.read_text("utf-8").splitlines(keepends=True) if file.exists() else []
            every = [json.loads(each) for each in lines if each.endswith("\n")]
            return next((each for each in every if each["run"] == run), None)

        found: dict[str, Any] = until(line)
        return found

    def status(self, run: str) -> dg.DagsterRunStatus:
        found = self.instance.get_run_by_id(run)
        assert found is not None
        return found.status

    def ended(self, run: str) -> dg.DagsterRunStatus:
        """How the run ended."""
        over = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
        until(lambda: self.status(run) in over)
        return self.status(run)

    def run(self) -> dict[str, Any]:
        """A run from the beginning to its good end; what it said."""
        run = self.launch()
        assert self.ended(run) is dg.DagsterRunStatus.SUCCESS
        return self.told(run)

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Runs go on until this is left."""
        wait = self.setting.with_suffix(".wait")
        wait.touch()
        try:
            yield
        finally:
            wait.unlink()

    @property
    def server(self) -> psutil.Process:
        """The code server that runs are asked of now: the youngest."""
        # what other tests have started and not waited for has no command line
        alive = [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]
        servers = [each for each in alive if "grpc" in each.cmdline()]
        return max(servers, key=lambda each: each.create_time())

    def reload(self) -> None:
        """As by the button of Dagster's UI."""
        self.context.reload_code_location(_NAME)


@contextmanager
def served(
    instance: dg.DagsterInstance, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[WarmLocation]:
    """The location, on this instance. Its processes have ended afterwards, or it is an AssertionError."""
    setting = folder / "setting"
    setting.write_text("first", "utf-8")
    variables = {SETTING: str(setting), "PYTHONPATH": str(ROOT), **(environment or {})}
    before = set(psutil.Process().children(recursive=True))
    target = ModuleTarget("tests.support.warm_definitions", None, str(ROOT), _NAME)
    with patch.dict(os.environ, variables):
        with WorkspaceProcessContext(instance, target) as context:
            yield WarmLocation(instance, context, setting)
        until(lambda: set(psutil.Process().children(recursive=True)) <= before)
