"""The one `Definitions`: environment in; assets, jobs, resources and executor out."""

from __future__ import annotations

import os

import dagster as dg

from docmill.pipeline.defs.assets.corpus_report import corpus_report
from docmill.pipeline.defs.assets.stage_assets import stage_assets
from docmill.pipeline.defs.jobs import convert_documents, report_corpus
from docmill.pipeline.defs.resources import default_resources
from docmill.pipeline.defs.schedules import daily_report, nightly_backfill
from docmill.pipeline.defs.sensors import alert_on_failure, new_pdfs, requested_batches, unretried_runs
from docmill.pipeline.instance.executor import executor
from docmill.pipeline.stages.registry import STAGES
from docmill.resources.settings.exports import Exports

__all__ = ["defs"]

_RESOURCES = default_resources() | {"exports": Exports(out=os.environ.get("DOCMILL_OUT", ""))}

defs = dg.Definitions(
    assets=[*stage_assets(STAGES, _RESOURCES), corpus_report],
    jobs=[convert_documents, report_corpus],
    schedules=[nightly_backfill, daily_report],
    sensors=[new_pdfs, requested_batches, unretried_runs, alert_on_failure],
    resources=_RESOURCES,
    executor=executor(),
)
