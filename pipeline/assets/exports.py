"""Asset `exports`: Markdown, HTML and the other formats, in the store and in the output folder."""

import dagster as dg

from pipeline.assets.common import StageOutcome, run_stage, stage_asset
from pipeline.metadata import preview_metadata
from pipeline.publish import publish

__all__ = ["exports"]


@stage_asset("exports", deps=["documents"], kinds={"markdown"})
def exports(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Writes each document in the formats asked for, and copies them to `out` under the file's own name."""
    outcome = run_stage(context, "exports")
    metadata = outcome.metadata | _preview(outcome)
    if out := context.resources.exports.out:
        files = publish(outcome.conversion.artifacts.store, outcome.documents, outcome.records, out)
        metadata |= {"out": dg.MetadataValue.path(out), "files": float(len(files))}
    return dg.MaterializeResult(metadata=metadata)


def _preview(outcome: StageOutcome) -> dict[str, dg.MetadataValue]:
    for record in outcome.records:
        path = record.extra.get("files", {}).get("md")
        if record.usable and path:
            return preview_metadata(record.name, outcome.conversion.artifacts.store.read(path).decode())
    return {}
