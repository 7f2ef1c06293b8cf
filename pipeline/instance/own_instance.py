"""The Dagster instance that the command line uses: the user's own, or one below docmill's home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from docmill.resources.home import default_home
from docmill.resources.local.shipped import shipped_roots

__all__ = ["open_instance"]


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The instance of $DAGSTER_HOME, else of $DOCMILL_HOME/dagster; new ones are as deploy/dagster.yaml."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(default_home() / "dagster")))
    if not home.exists():
        home.mkdir(parents=True)
        candidates = (root / "deploy" / "dagster.yaml" for root in shipped_roots())
        shipped = next(path for path in candidates if path.is_file())
        (home / "dagster.yaml").write_bytes(shipped.read_bytes())
    with dg.DagsterInstance.get() as instance:
        yield instance
