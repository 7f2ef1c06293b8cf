"""What follows the exports of a batch: copies under the files' own names, and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg

from docmill.pipeline.corpus.ledger.ledger import Ledger, Outcome, open_ledger
from docmill.pipeline.corpus.publish import publish, write_index
from docmill.pipeline.corpus.quarantine import keep_originals
from docmill.pipeline.defs.assets.stage_run import Followed, FollowUp, StageOutcome
from docmill.pipeline.instance.metadata import preview_metadata
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.checks import Check, Finding, finding
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.settings.exports import Exports

__all__ = ["SETTLING"]


_PUBLISHED = Check(
    name="published",
    description="Warns of documents without a copy of their own below `out`: another one of the batch has "
    "the same name. Those whose file has been replaced by a newer one since are left out.",
    warns=True,
)


def _settle_batch(outcome: StageOutcome) -> Followed:
    """Publish the batch's documents and settle them in the ledger; a preview of one of them."""
    settings: Exports = outcome.resources["exports"]
    ledger = open_ledger(outcome.conversion.artifacts.store)
    metadata: dict[str, Any] = _preview(outcome)
    found = Finding(True, "there is no `out`: nothing is published")
    if settings.out:
        files, found = _publish(outcome, ledger, settings.out)
        metadata |= {"out": dg.MetadataValue.path(settings.out), "files": float(files)}
    _settle(outcome, ledger, settings)
    return Followed(metadata, [found])


def _publish(outcome: StageOutcome, ledger: Ledger, out: str) -> tuple[int, Finding]:
    """Copy all documents but those whose file has been replaced by a newer one since; how many files."""
    replaced = ledger.replaced(outcome.manifest)
    current = [
        (document, record)
        for document, record in zip(outcome.documents, outcome.records, strict=True)
        if document.source not in replaced
    ]
    store = outcome.conversion.artifacts.store
    files = publish(store, [document for document, _ in current], [record for _, record in current], out)
    return len(files), _judged(current, len(outcome.documents) - len(current))


def _judged(current: Sequence[tuple[DocumentRef, StageRecord]], replaced: int) -> Finding:
    """Whether each of these documents has a copy of its own; of those under the same name the last stands."""
    usable = [(document, record) for document, record in current if record.usable]
    stands = {document.stem: document.id for document, _ in usable}
    lacking = [record for document, record in usable if stands[document.stem] != document.id]
    return finding(
        lacking,
        [record for _, record in usable],
        "have no copy of their own",
        lacking=float(len(lacking)),
        replaced=float(replaced),
    )


def _settle(outcome: StageOutcome, ledger: Ledger, settings: Exports) -> None:
    manifest, conversion = outcome.manifest, outcome.conversion
    records = conversion.final_records(outcome.documents)
    originals = (
        keep_originals(conversion.artifacts.store, conversion.sources, outcome.documents, records)
        if settings.keep_quarantined
        else {}
    )
    made = Outcome(manifest.key, manifest.origin, outcome.run, conversion.fingerprints, settings.out)
    rows = ledger.settle(made, outcome.documents, records, originals)
    if settings.out and settings.index:
        write_index(rows, settings.out)


def _preview(outcome: StageOutcome) -> dict[str, dg.MetadataValue]:
    for record in outcome.records:
        path = record.extra_as(ExportsExtra).files.get("md")
        if record.usable and path:
            return preview_metadata(record.name, outcome.conversion.artifacts.store.read(path).decode())
    return {}


SETTLING = FollowUp(_settle_batch, (_PUBLISHED,))
