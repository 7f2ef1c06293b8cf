"""Runs that start warm: forked from a process that has imported what they need, not made anew.

A code server starts a process for every run. By default that is a new interpreter, which imports Dagster, the
definitions and docling: seconds, whatever the run has to do. Here it comes from a fork server of
multiprocessing's, the warm parent. That imports `warm_image` when the first run is in sight, and ends with
its code server, so a code location that is reloaded has runs with its new code and settings. A run forks its
workers' fork server from itself, which therefore has everything as well.

When there is no warm parent, or it is killed just then, the run is a new interpreter; a killed one is started
anew for the next run. Runs that it has started go on without it.
"""

from __future__ import annotations

import logging
import multiprocessing
import sys
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Any

import dagster as dg

from docmill.pipeline.instance.dagster_internals import kept_engines, start_run_processes_by
from docmill.pipeline.instance.warm.fork_server import (
    ForkServerContext,
    ForkServerProcess,
    SpawnedProcess,
    WatchedProcess,
    ensure_running,
    forget_temporary_folder,
    fork_server_of_this_process,
    name_process,
    threads,
)
from docmill.pipeline.instance.warm.wanted_image import is_wanted, want

__all__ = ["WARM", "RunContext", "RunProcess", "expect_runs", "start_runs_warm"]

#: Is in memory where everything is.
WARM = "docmill.pipeline.instance.warm.warm_image"

_log = logging.getLogger(__name__)


class RunProcess(ForkServerProcess):
    """The process of a run."""

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: N802 - multiprocessing's
        try:
            return WatchedProcess(process_obj)
        except (OSError, EOFError) as error:
            _log.warning("the warm parent is gone (%r); a run starts without it", error)
            return SpawnedProcess(process_obj)

    def run(self) -> None:
        """Have what the run is to work with, then run, with SQLite's connections kept open."""
        name_process("docmill-run")
        forget_temporary_folder()
        if WARM in sys.modules and threads() == 1:
            _seed()
            with suppress(OSError):  # for want of memory; workers then come from a new interpreter
                fork_server_of_this_process([])
        with kept_engines():
            super().run()


class RunContext(ForkServerContext):
    """Where a code server has the processes of runs from."""

    Process = RunProcess


def start_runs_warm(*modules: str) -> bool:
    """Have the runs of this code server start warm; `modules` are its definitions and what else runs import.

    To be called by the module that the code server loads. False, and nothing is done: where this process is
    no code server, where there is no Linux, and where Dagster starts runs in a way that is not known here.
    """
    if sys.platform != "linux" or not start_run_processes_by(RunContext()):
        return False
    want(list(modules))
    multiprocessing.get_context("forkserver").set_forkserver_preload([WARM])
    return True


def expect_runs(instance: dg.DagsterInstance) -> None:
    """Start the warm parent now, where this code server starts runs from one, so that they need not wait."""
    if is_wanted() and isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        with suppress(OSError):  # for want of memory; the run will say so, should it fail too
            ensure_running()


def _seed() -> None:
    """Let runs draw different numbers: a fork seeds Python's own generator anew, and not NumPy's."""
    numpy: Any = sys.modules.get("numpy")
    if numpy:
        numpy.random.seed()
