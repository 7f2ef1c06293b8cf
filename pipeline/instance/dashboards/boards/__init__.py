"""The dashboards, a module each."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.instance.dashboards.boards.cost import COST
from docmill.pipeline.instance.dashboards.boards.life import DOCUMENTS
from docmill.pipeline.instance.dashboards.boards.overview import OVERVIEW
from docmill.pipeline.instance.dashboards.boards.serving import SERVING
from docmill.pipeline.instance.dashboards.panels import Dashboard

__all__ = ["DASHBOARDS"]

#: All of them, in the order in which people look.
DASHBOARDS: Sequence[Dashboard] = (OVERVIEW, SERVING, COST, DOCUMENTS)
