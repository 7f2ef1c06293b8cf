"""docmill's definitions with an inbox that waits for nothing, so that a test need not either."""

from __future__ import annotations

import dagster as dg

from docmill.pipeline.defs import definitions
from docmill.resources.inbox import Inbox
from docmill.resources.settings.ocr import Ocr, OcrOffConfig
from docmill.resources.settings.workers import Workers

_SETTINGS = {
    "inbox": Inbox(settle_seconds=0, max_wait_seconds=0),
    "ocr": Ocr(backend=OcrOffConfig()),
    "workers": Workers(count=2),
}

defs = dg.Definitions(
    assets=definitions.defs.assets,
    jobs=definitions.defs.jobs,
    schedules=definitions.defs.schedules,
    sensors=definitions.defs.sensors,
    resources={**(definitions.defs.resources or {}), **_SETTINGS},
    executor=definitions.defs.executor,
)
