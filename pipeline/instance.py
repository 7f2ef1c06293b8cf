"""The Dagster instance that the command line uses: the user's own, or one below docmill's home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from resources.store import default_home

__all__ = ["open_instance"]

#: A checkout has it in `deploy`; a wheel has it in here.
_CONFIGURATIONS = (
    Path(__file__).resolve().parents[1] / "deploy" / "dagster.yaml",
    Path(__file__).resolve().parent / "shipped" / "dagster.yaml",
)


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The instance of $DAGSTER_HOME, else of $DOCMILL_HOME/dagster; new ones are as deploy/dagster.yaml."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(default_home() / "dagster")))
    if not home.exists():
        home.mkdir(parents=True)
        shipped = next(path for path in _CONFIGURATIONS if path.is_file())
        (home / "dagster.yaml").write_bytes(shipped.read_bytes())
    with dg.DagsterInstance.get() as instance:
        yield instance
