"""The one `Definitions`: environment in; assets, jobs, resources and executor out."""

from __future__ import annotations

import dagster as dg

from pipeline.assets.documents import documents
from pipeline.assets.exports import exports
from pipeline.assets.layout import layout
from pipeline.assets.ocr import ocr
from pipeline.assets.pages import pages
from pipeline.assets.tables import tables
from pipeline.assets.understanding import understanding
from pipeline.executor import executor
from pipeline.jobs import convert_documents
from pipeline.progress import LogProgress
from resources.configurable import (
    Assembly,
    Exports,
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
    assets=[pages, ocr, layout, tables, understanding, documents, exports],
    jobs=[convert_documents],
    resources={
        "store": Store(),
        "reader": Reader(),
        "workers": Workers(),
        "ocr": Ocr(),
        "layout": Layout(),
        "tables": Tables(),
        "understanding": Understanding(),
        "assembly": Assembly(),
        "exports": Exports(),
        "pricing": Pricing(),
        "progress": LogProgress,
    },
    executor=executor(),
)
