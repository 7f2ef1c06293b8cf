"""docmill's own code location: settings in; the one `Definitions` out."""

from __future__ import annotations

import gc

import dagster as dg

from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.defs.settings import settings_in_force
from docmill.pipeline.instance.dagster_internals import is_served_here
from docmill.pipeline.instance.warm.warm_runs import start_runs_warm
from docmill.pipeline.stages.exports import modules_of_formats

__all__ = ["defs"]

_SETTINGS = settings_in_force()

defs = dg.Definitions.merge(
    docmill_definitions(resources=_SETTINGS.resources, pages_per_pod=_SETTINGS.execution.pages_per_pod),
    dg.Definitions(executor=_SETTINGS.execution.definition()),
)

if _SETTINGS.execution.warm and is_served_here(__name__):
    start_runs_warm(__name__, *modules_of_formats(_SETTINGS.resources["exports"].formats))

# A run's garbage collections need not visit what it has loaded: that is half a CPU second of each.
gc.freeze()
