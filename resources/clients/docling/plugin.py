"""docmill's engines for docling itself: the entry point of docling's plugin system.

docling loads it when `allow_external_plugins` is set. It imports no Dagster.
"""

from __future__ import annotations

from typing import Any

__all__ = ["table_structure_engines"]


def table_structure_engines() -> dict[str, list[Any]]:
    """The table engines, for docling's factory."""
    from docmill.resources.clients.docling.table_stage import (
        DocmillTableModel,  # docling asks every plugin for every kind of engine
    )

    return {"table_structure_engines": [DocmillTableModel]}
