"""docmill's definitions in small batches without waiting, and runs that tell where they are."""

from __future__ import annotations

import os

import dagster as dg

from docmill.pipeline.defs import definitions
from docmill.pipeline.instance.warm.warm_runs import start_runs_warm
from docmill.resources.inbox import Inbox
from docmill.resources.settings.ocr import Ocr, OcrOffConfig
from docmill.resources.settings.workers import Workers
from tests.killing.gates import gated_progress
from tests.killing.settings import BATCH, OCR

defs = dg.Definitions(
    assets=definitions.defs.assets,
    jobs=definitions.defs.jobs,
    schedules=definitions.defs.schedules,
    sensors=definitions.defs.sensors,
    resources={
        **(definitions.defs.resources or {}),
        "inbox": Inbox(settle_seconds=0, max_wait_seconds=0, batch_documents=int(os.environ[BATCH])),
        "workers": Workers(count=2),
        "progress": gated_progress,
        **({"ocr": Ocr(backend=OcrOffConfig())} if os.environ.get(OCR) == "off" else {}),
    },
    executor=definitions.defs.executor,
)

start_runs_warm(__name__)
