"""What the ledger says of a batch that was stopped half-way."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.errors import BatchStoppedError
from docmill.pipeline.corpus.ledger.ends import Outcome
from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.records import StageRecord

__all__ = ["record_stop"]


def record_stop(
    ledger: Ledger,
    outcome: Outcome,
    documents: Sequence[DocumentRef],
    records: Sequence[StageRecord],
    why: str,
) -> None:
    """Say of every document why it failed, or that it was left because of the others.

    `records` are those of the stage that stopped the batch, in the order of `documents`. To be called before
    anything says that the batch is stopped: a run that dies here is run again, comes to the same end, and
    records it then.
    """
    pairs = list(zip(documents, records, strict=True))
    failed = [(document, record) for document, record in pairs if not record.usable]
    left = [document for document, record in pairs if record.usable]
    ledger.settle(outcome, [document for document, _ in failed], [record for _, record in failed])
    ledger.stop(outcome, left, BatchStoppedError(f"its batch {outcome.batch} was stopped: {why}"))
