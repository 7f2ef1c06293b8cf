"""docmill's own code location: settings in; the one `Definitions` out."""

from __future__ import annotations

import gc

import dagster as dg

from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.defs.settings import settings_in_force

__all__ = ["defs"]

_SETTINGS = settings_in_force()

defs = dg.Definitions.merge(
    docmill_definitions(resources=_SETTINGS.resources),
    dg.Definitions(executor=_SETTINGS.execution.definition()),
)

# A run's garbage collections need not visit what it has loaded: that is half a CPU second of each.
gc.freeze()
