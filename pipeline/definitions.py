"""The one `Definitions`: environment in; assets, jobs, resources and executor out."""

from __future__ import annotations

import os

import dagster as dg

from pipeline.assets.corpus_report import corpus_report
from pipeline.assets.documents import documents
from pipeline.assets.exports import exports
from pipeline.assets.layout import layout
from pipeline.assets.ocr import ocr
from pipeline.assets.pages import pages
from pipeline.assets.tables import tables
from pipeline.assets.understanding import understanding
from pipeline.executor import executor
from pipeline.jobs import convert_documents, report_corpus
from pipeline.progress import LogProgress
from pipeline.schedules import daily_report, nightly_backfill
from pipeline.sensors import alert_on_failure, new_pdfs, requested_batches, unretried_runs
from resources.configurable import (
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
