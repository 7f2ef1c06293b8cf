"""docmill's own code location: environment in; the one `Definitions` out."""

from __future__ import annotations

import gc
import os

import dagster as dg

from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.instance.executor import executor
from docmill.resources.settings.exports import Exports

__all__ = ["defs"]

_RESOURCES = {"exports": Exports(out=os.environ.get("DOCMILL_OUT", ""))}

defs = dg.Definitions.merge(docmill_definitions(resources=_RESOURCES), dg.Definitions(executor=executor()))

# A run's garbage collections need not visit what it has loaded: that is half a CPU second of each.
gc.freeze()
