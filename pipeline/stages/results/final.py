"""What became of a document in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.accounting import summed
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import CHARACTERS, StageRecord, renamed

__all__ = ["final_record", "with_totals"]


def final_record(
    artifacts: ArtifactStore, fingerprints: Mapping[str, str], document: DocumentRef
) -> StageRecord:
    """The record of the last of these stages that a document has, with the seconds of all and what became of
    its text.

    Raises IndexError when it has none.
    """
    found = (artifacts.record(document.id, stage, print_) for stage, print_ in fingerprints.items())
    records = [record for record in found if record]
    return with_totals(renamed(records[-1], document.name), records)


def with_totals(last: StageRecord, records: Sequence[StageRecord]) -> StageRecord:
    """The record of the last stage with the seconds of all of them, and with what became of the text."""
    characters = {
        name: n for record in records for name, n in record.counts.items() if name.startswith(CHARACTERS)
    }
    return msgspec.structs.replace(
        last,
        counts=last.counts | characters,
        seconds=sum(record.seconds for record in records),
        cpu_seconds=sum(record.cpu_seconds for record in records),
        device_seconds=summed(record.device_seconds for record in records),
    )
