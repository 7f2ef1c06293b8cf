"""What follows the exports of a batch: copies under the files' own names, and the ledger."""

from __future__ import annotations

from typing import Any

import dagster as dg

from docmill.pipeline.corpus.ledger.ledger import Ledger, Outcome, open_ledger
from docmill.pipeline.corpus.publish import publish, write_index
from docmill.pipeline.corpus.quarantine import keep_originals
from docmill.pipeline.defs.assets.stage_run import StageOutcome
from docmill.pipeline.instance.metadata import preview_metadata
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.resources.settings.exports import Exports

__all__ = ["settle_batch"]


def settle_batch(outcome: StageOutcome) -> dict[str, Any]:
    """Publish the batch's documents and settle them in the ledger; a preview of one of them."""
    settings: Exports = outcome.resources["exports"]
    ledger = open_ledger(outcome.conversion.artifacts.store)
    metadata: dict[str, Any] = _preview(outcome)
    if settings.out:
        metadata |= _published(outcome, ledger, settings.out)
    _settle(outcome, ledger, settings)
    return metadata


def _published(outcome: StageOutcome, ledger: Ledger, out: str) -> dict[str, dg.MetadataValue | float]:
    """Copies of all documents but those whose file has been replaced by a newer one since."""
    replaced = ledger.replaced(outcome.manifest)
    current = [
        (document, record)
        for document, record in zip(outcome.documents, outcome.records, strict=True)
        if document.source not in replaced
    ]
    store = outcome.conversion.artifacts.store
    files = publish(store, [document for document, _ in current], [record for _, record in current], out)
    return {"out": dg.MetadataValue.path(out), "files": float(len(files))}


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
