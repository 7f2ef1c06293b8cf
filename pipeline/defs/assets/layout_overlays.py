"""Pages with their regions drawn on them, in the metadata of `layout`."""

from __future__ import annotations

from docmill.pipeline.defs.assets.stage_run import Followed, FollowUp, StageOutcome
from docmill.pipeline.instance.reporting.metadata import overlay_metadata
from docmill.pipeline.intake.batches import DocumentRef

__all__ = ["OVERLAYS"]

#: Overlays kept of a run: enough to see at a glance that a batch went well.
_OVERLAYS = 2
#: Pixels of their longer side. They are the heaviest that a run leaves behind.
_OVERLAY_SIDE = 640


def _overlays_of(outcome: StageOutcome) -> Followed:
    """One page of each of the richest documents: one with a table where there is one.

    Where every document was found finished there is nothing new to see.
    """
    if all(record.reused for record in outcome.records):
        return Followed({})
    drawn = outcome.conversion.overlays(_representative(outcome), _OVERLAY_SIDE, outcome.resources["crew"])
    shown = ((document.name, page, image) for document, page, image in drawn)
    return Followed(overlay_metadata(shown, outcome.keep_picture))


def _representative(outcome: StageOutcome) -> list[tuple[DocumentRef, int]]:
    pairs = zip(outcome.documents, outcome.records, strict=True)
    usable = [(document, record) for document, record in pairs if record.usable and record.pages]
    usable.sort(key=lambda pair: (-len(pair[1].flagged) - pair[1].counts.get("pictures", 0), pair[0].name))
    return [(document, (record.flagged or record.pages)[0]) for document, record in usable[:_OVERLAYS]]


OVERLAYS = FollowUp(_overlays_of)
