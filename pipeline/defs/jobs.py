"""The jobs: every asset of the conversion for one batch, and the report of the corpus."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from docmill.pipeline.defs.names import Names
from docmill.pipeline.instance.dagster_internals import UnresolvedAssetJobDefinition
from docmill.pipeline.stages.spec import Stage

__all__ = ["CONVERT_DOCUMENTS", "REPORT_CORPUS", "convert_documents", "report_corpus"]

CONVERT_DOCUMENTS = "convert_documents"
REPORT_CORPUS = "report_corpus"


def convert_documents(
    names: Names, stages: Sequence[type[Stage]], executor: dg.ExecutorDefinition | None = None
) -> UnresolvedAssetJobDefinition:
    """Every stage for one batch; with `executor`, or the code location's."""
    return dg.define_asset_job(
        names.of(CONVERT_DOCUMENTS),
        selection=dg.AssetSelection.assets(*[names.key(stage.name) for stage in stages]),
        description="PDFs of one batch to DoclingDocuments and the formats asked for.",
        executor_def=executor,
    )


def report_corpus(
    names: Names, executor: dg.ExecutorDefinition | None = None
) -> UnresolvedAssetJobDefinition:
    """The report; with `executor`, or the code location's."""
    return dg.define_asset_job(
        names.of(REPORT_CORPUS),
        selection=dg.AssetSelection.assets(names.key("corpus_report")),
        description="Every document that docmill knows, as a Parquet table and a page to read.",
        tags={"lane": "interactive"},
        executor_def=executor,
    )
