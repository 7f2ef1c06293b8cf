"""The environment of processes that are measured: nothing of docmill or Dagster that is set here."""

from __future__ import annotations

import os
from pathlib import Path

from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["clean_environment"]

#: Python keeps what it has compiled unless told not to; to compile it in each process doubles a run's cost.
_LEFT_OUT = ("DOCMILL_", "DAGSTER_", "PYTHONDONTWRITEBYTECODE")


def clean_environment(home: Path) -> dict[str, str]:
    """docmill's and Dagster's homes are `home` and a folder in it; models are where they are here."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return others | {
        "DAGSTER_HOME": str(home / "dagster"),
        "DOCMILL_HOME": str(home),
        "DOCMILL_MODELS": str(default_folder().absolute()),
    }
