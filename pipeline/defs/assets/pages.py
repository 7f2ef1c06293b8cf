"""Asset `pages`: words, lines, rulings, bitmaps and links of every page."""

import dagster as dg

from docmill.pipeline.defs.assets.common import run_stage, stage_asset

__all__ = ["pages"]


@stage_asset("pages", deps=[], kinds={"pdf"}, checked=True)
def pages(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Opens each PDF (pypdfium2) and reads its pages; says which of them have no text layer."""
    outcome = run_stage(context, "pages")
    return dg.MaterializeResult(metadata=outcome.metadata, check_results=[outcome.check])
