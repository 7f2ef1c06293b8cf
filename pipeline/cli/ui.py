"""`docmill ui`: Dagster's web server and daemon on the same instance as `docmill convert`."""

from __future__ import annotations

import os
import sys

from docmill.pipeline.instance.own_instance import open_instance

__all__ = ["serve_ui"]


def serve_ui(host: str, port: int) -> None:
    """Replace this process by `dagster dev`; returns only by an error."""
    with open_instance():
        pass  # makes the instance's folder and settings when they are missing
    command = [sys.executable, "-m", "dagster", "dev", "--module-name", "docmill.pipeline.defs.definitions"]
    os.execv(sys.executable, [*command, "--host", host, "--port", str(port)])
