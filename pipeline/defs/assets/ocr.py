"""Asset `ocr`: text of the pages and bitmaps that have none."""

import dagster as dg

from docmill.pipeline.defs.assets.common import run_stage, stage_asset

__all__ = ["ocr"]


@stage_asset("ocr", deps=["pages"], kinds={"onnx"}, pool="triton")
def ocr(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Recognises text where the PDF has none; there is nothing to do for most born-digital documents."""
    return dg.MaterializeResult(metadata=run_stage(context, "ocr").metadata)
