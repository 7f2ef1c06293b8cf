"""Asset `tables`: the structure of every table."""

import dagster as dg

from docmill.pipeline.defs.assets.common import run_stage, stage_asset

__all__ = ["tables"]


@stage_asset("tables", deps=["pages", "ocr", "layout"], kinds={"onnx", "triton"}, pool="triton")
def tables(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Finds rows, columns and spans of each table region and puts the words in their cells."""
    return dg.MaterializeResult(metadata=run_stage(context, "tables").metadata)
