"""Asset `documents`: one DoclingDocument of each PDF."""

import dagster as dg

from docmill.pipeline.defs.assets.common import run_stage, stage_asset

__all__ = ["documents"]


@stage_asset("documents", deps=["pages", "ocr", "layout", "tables", "understanding"], kinds={"docling"})
def documents(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """docling's page assembly and reading order put the pages together; metadata says what made them."""
    return dg.MaterializeResult(metadata=run_stage(context, "documents").metadata)
