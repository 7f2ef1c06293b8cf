"""The one `Definitions`: environment in; assets, jobs, resources and executor out."""

from __future__ import annotations

import os

import dagster as dg

from docmill.pipeline.defs.assets.corpus_report import corpus_report
from docmill.pipeline.defs.assets.documents import documents
from docmill.pipeline.defs.assets.exports import exports
from docmill.pipeline.defs.assets.layout import layout
from docmill.pipeline.defs.assets.ocr import ocr
from docmill.pipeline.defs.assets.pages import pages
from docmill.pipeline.defs.assets.tables import tables
from docmill.pipeline.defs.assets.understanding import understanding
from docmill.pipeline.defs.jobs import convert_documents, report_corpus
from docmill.pipeline.defs.schedules import daily_report, nightly_backfill
from docmill.pipeline.defs.sensors import alert_on_failure, new_pdfs, requested_batches, unretried_runs
from docmill.pipeline.instance.executor import executor
from docmill.pipeline.instance.progress import LogProgress
from docmill.resources.configurable import (
    Alerts,
    Assembly,
    Checks,
    Exports,
    Inbox,
    Layout,
    Ocr,
    Pricing,
    Reader,
    Store,
    Tables,
    Understanding,
    Workers,
)

__all__ = ["defs"]

defs = dg.Definitions(
    assets=[pages, ocr, layout, tables, understanding, documents, exports, corpus_report],
    jobs=[convert_documents, report_corpus],
    schedules=[nightly_backfill, daily_report],
    sensors=[new_pdfs, requested_batches, unretried_runs, alert_on_failure],
    resources={
        "store": Store(),
        "reader": Reader(),
        "workers": Workers(),
        "ocr": Ocr(),
        "layout": Layout(),
        "tables": Tables(),
        "understanding": Understanding(),
        "assembly": Assembly(),
        "exports": Exports(out=os.environ.get("DOCMILL_OUT", "")),
        "inbox": Inbox(),
        "checks": Checks(),
        "alerts": Alerts(),
        "pricing": Pricing(),
        "progress": LogProgress,
    },
    executor=executor(),
)
