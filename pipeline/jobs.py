"""The one job: every asset of the conversion, for one batch."""

from __future__ import annotations

import dagster as dg

__all__ = ["CONVERT_DOCUMENTS", "convert_documents"]

CONVERT_DOCUMENTS = "convert_documents"
convert_documents = dg.define_asset_job(
    CONVERT_DOCUMENTS,
    selection=dg.AssetSelection.groups("convert"),
    description="PDFs of one batch to DoclingDocuments, Markdown and HTML.",
)
