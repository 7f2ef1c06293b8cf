"""The Dagster instance that the command line uses: the user's own, or one below docmill's home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from resources.store import default_home

__all__ = ["open_instance"]

_CONFIGURATION = """\
# Dagster's instance for docmill on one machine: SQLite in this folder.
telemetry:
  enabled: false
# Steps say what they do in the event log; capturing their output as well costs two processes a step.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The instance of $DAGSTER_HOME, else of $DOCMILL_HOME/dagster; made when there is none yet."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(default_home() / "dagster")))
    if not home.exists():
        home.mkdir(parents=True)
        (home / "dagster.yaml").write_text(_CONFIGURATION)
    with dg.DagsterInstance.get() as instance:
        yield instance
