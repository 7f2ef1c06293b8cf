"""docmill's own code location: its name, its workspace, and the first page of its UI."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from docmill.resources.local.places import shipped_roots

__all__ = ["FORMER_LOCATION", "LOCATION", "asset_graph_page", "workspace_file"]

#: As `workspace.yaml` names it: what is turned on and what ran is kept under it.
LOCATION = "docmill"
#: As `docmill ui` served it before.
FORMER_LOCATION = "docmill.pipeline.defs.definitions"


def workspace_file() -> Path:
    """The workspace with docmill's code location, for `dagster dev -w`."""
    return next(path for root in shipped_roots() if (path := root / "workspace.yaml").is_file())


def asset_graph_page(host: str, port: int, groups: Iterable[str]) -> str:
    """The address of the graph of all assets, with these groups open."""
    shown = "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    opened = ",".join(f"global@global:{group}" for group in groups)
    return f"http://{shown}:{port}/asset-groups?expanded={opened}"
