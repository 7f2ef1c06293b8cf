"""What follows the exports of a batch: copies under the files' own names, and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import dagster as dg

from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.ledger import Ledger, open_ledger
from docmill.pipeline.corpus.publish import publish, write_index
from docmill.pipeline.corpus.quarantine import keep_originals
from docmill.pipeline.defs.assets.stage_run import Followed, FollowUp, StageOutcome
from docmill.pipeline.instance.reporting.metadata import cost_metadata, preview_metadata
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.checks import Check, Finding, finding
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.settings.exports import Exports
from docmill.resources.settings.pricing import Pricing

__all__ = ["SETTLING"]

#: Documents whose beginning is shown.
_PREVIEWS = 2

_PUBLISHED = Check(
    name="published",
    description="Warns of documents without a copy of their own below `out`: another one of the batch has "
    "the same name. Those whose file has been replaced by a newer one since are left out.",
    warns=True,
)


def _settle_batch(outcome: StageOutcome) -> Followed:
    """Publish the batch's documents and settle them in the ledger; what each took in all, and previews."""
    settings: Exports = outcome.resources["exports"]
    pricing: Pricing = outcome.resources["pricing"]
    ledger = open_ledger(outcome.conversion.artifacts.store)
    records = _final_records(outcome)
    metadata: dict[str, Any] = _previews(outcome) | cost_metadata(records, pricing.price())
    found = Finding(True, "there is no `out`: nothing is published")
    if settings.out:
        files, found = _publish(outcome, ledger, settings.out)
        metadata |= {"out": dg.MetadataValue.path(settings.out), "files": float(files)}
    _settle(outcome, records, ledger, settings)
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


def _final_records(outcome: StageOutcome) -> list[StageRecord]:
    """The last records with the seconds of all stages; each says whether this run found it done."""
    finals = outcome.conversion.final_records(outcome.documents)
    for final, record in zip(finals, outcome.records, strict=True):
        final.reused = record.reused
    return finals


def _settle(outcome: StageOutcome, records: Sequence[StageRecord], ledger: Ledger, settings: Exports) -> None:
    manifest, conversion = outcome.manifest, outcome.conversion
    originals = (
        keep_originals(conversion.artifacts.store, conversion.sources, outcome.documents, records)
        if settings.keep_quarantined
        else {}
    )
    made = Outcome(manifest.key, manifest.origin, outcome.run, conversion.fingerprints, settings.out)
    rows = ledger.settle(made, outcome.documents, records, originals)
    if settings.out and settings.index:
        write_index(rows, manifest.key, settings.out)


def _previews(outcome: StageOutcome) -> dict[str, Any]:
    """The beginnings of the first documents that can be read."""
    files = (
        (record.name, path)
        for record in outcome.records
        if record.usable and (path := record.extra_as(ExportsExtra).files.get("md"))
    )
    store = outcome.conversion.artifacts.store
    return preview_metadata((name, store.read(path).decode()) for name, path in islice(files, _PREVIEWS))


SETTLING = FollowUp(_settle_batch, (_PUBLISHED,))
