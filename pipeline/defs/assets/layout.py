"""Asset `layout`: the regions of every page."""

import dagster as dg

from docmill.pipeline.defs.assets.common import run_stage, stage_asset
from docmill.pipeline.instance.metadata import overlay_metadata
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.records import StageRecord

__all__ = ["layout"]

#: Overlays kept in the event log: enough to see at a glance that a batch went well.
_OVERLAYS = 2
#: Pixels of their longer side. They are the heaviest that a run leaves in Dagster's database.
_OVERLAY_SIDE = 640


@stage_asset("layout", deps=["pages", "ocr"], kinds={"onnx", "triton"}, pool="triton", checked=True)
def layout(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Renders each page, detects its regions and runs docling's layout post-processing on them."""
    outcome = run_stage(context, "layout")
    chosen = _representative(outcome.documents, outcome.records)
    drawn = ((d.name, page, image) for d, page, image in outcome.conversion.overlays(chosen, _OVERLAY_SIDE))
    return dg.MaterializeResult(
        metadata=outcome.metadata | overlay_metadata(drawn), check_results=[outcome.check]
    )


def _representative(
    documents: list[DocumentRef], records: list[StageRecord]
) -> list[tuple[DocumentRef, int]]:
    """One page of each of the richest documents: one with a table where there is one."""
    usable = [(d, r) for d, r in zip(documents, records, strict=True) if r.usable and r.pages]
    usable.sort(key=lambda pair: (-len(pair[1].flagged) - pair[1].counts.get("pictures", 0), pair[0].name))
    return [(d, (r.flagged or r.pages)[0]) for d, r in usable[:_OVERLAYS]]
