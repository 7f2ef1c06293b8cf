"""`docmill ui`: Dagster's web server and daemon on the same instance as `docmill convert`."""

from __future__ import annotations

import os
import sys

from rich.console import Console

from docmill.pipeline.defs.labels import GROUPS
from docmill.pipeline.instance.dagster_internals import follow_location
from docmill.pipeline.instance.location import FORMER_LOCATION, asset_graph_page, workspace_file
from docmill.pipeline.instance.own_instance import open_instance

__all__ = ["serve_ui", "ui_command"]


def ui_command(host: str, port: int) -> list[str]:
    """What starts Dagster: it serves docmill's workspace, as `dagster dev -w workspace.yaml` does."""
    workspace = str(workspace_file())
    command = [sys.executable, "-m", "dagster", "dev", "-w", workspace]
    return [*command, "--host", host, "--port", str(port)]


def serve_ui(host: str, port: int) -> None:
    """Replace this process by `dagster dev`; returns only by an error."""
    with open_instance() as instance:  # makes the instance's folder and settings when they are missing
        home = instance.root_directory
        follow_location(instance, FORMER_LOCATION, workspace_file())
    page = asset_graph_page(host, port, GROUPS)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"Dagster's UI: {page}\nIts instance: {home}")
    os.execv(sys.executable, ui_command(host, port))
