"""Asset `understanding`: pages as a vision-language model reads them; optional, and off by default."""

import dagster as dg

from pipeline.assets.common import GROUP
from pipeline.partitions import batches

__all__ = ["understanding"]


@dg.asset(
    deps=["pages", "layout"],
    group_name=GROUP,
    kinds={"vllm"},
    partitions_def=batches,
    required_resource_keys={"understanding"},
    code_version="1",
    pool="vllm",
)
def understanding(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Off: no page is sent to a model, and documents are made by the classic path alone."""
    mode = context.resources.understanding.mode
    return dg.MaterializeResult(metadata={"mode": mode, "pages": 0.0})
