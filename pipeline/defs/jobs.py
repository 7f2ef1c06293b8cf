"""The jobs: every asset of the conversion for one batch, and the report of the corpus."""

from __future__ import annotations

import dagster as dg

from docmill.pipeline.defs.assets.stage_assets import GROUP

__all__ = ["CONVERT_DOCUMENTS", "convert_documents", "report_corpus"]

CONVERT_DOCUMENTS = "convert_documents"
convert_documents = dg.define_asset_job(
    CONVERT_DOCUMENTS,
    selection=dg.AssetSelection.groups(GROUP),
    description="PDFs of one batch to DoclingDocuments, Markdown and HTML.",
)
report_corpus = dg.define_asset_job(
    "report_corpus",
    selection=dg.AssetSelection.assets("corpus_report"),
    description="Every document that docmill knows, as a Parquet table and a page to read.",
    tags={"lane": "interactive"},
)
