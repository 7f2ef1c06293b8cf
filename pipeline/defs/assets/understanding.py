"""Asset `understanding`: pages as a vision-language model reads them; optional, and off by default."""

import dagster as dg

from docmill.pipeline.defs.assets.common import run_stage, stage_asset

__all__ = ["understanding"]


@stage_asset("understanding", deps=["pages", "ocr", "layout"], kinds={"vllm"}, pool="vllm")
def understanding(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Asks a vision-language model about pages or pictures, as its mode says; by default about none."""
    mode = context.resources.understanding.mode
    if mode == "off":
        return dg.MaterializeResult(metadata={"mode": mode, "pages": 0.0})
    return dg.MaterializeResult(metadata={"mode": mode} | run_stage(context, "understanding").metadata)
