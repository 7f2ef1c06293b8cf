"""What a backfill will take, from what the ledger says documents took so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.pipeline.corpus.report import CorpusTotals
from docmill.resources.price import Price

__all__ = ["Estimate", "estimate"]

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Estimate:
    """At most so much: what is still valid of earlier runs is not done again.

    Of documents that were never opened the pages are guessed from the others; `guessed` says how many those
    are. Hours are None when nothing has been converted yet to go by.
    """

    batches: int
    documents: int
    pages: int
    guessed: int
    worker_hours: float | None
    gpu_hours: float | None
    cost: float | None


def estimate(ledger: Ledger, batches: Collection[str], price: Price | None) -> Estimate:
    """What running these batches takes, at the rate of all that was converted so far."""
    done, chosen = CorpusTotals(), CorpusTotals()
    known = unopened = 0
    wanted = pa.array(sorted(batches), pa.string())
    for table in ledger.documents.scan():
        # a document without files was never converted, and what it took says nothing
        done.add(table.filter(pc.greater(table["pages"], 0)))
        ours = table.filter(pc.is_in(table["batch"], wanted))
        chosen.add(ours)
        known += pc.sum(ours["page_count"]).as_py() or 0
        unopened += pc.sum(pc.equal(ours["page_count"], 0)).as_py() or 0
    guessed = round(unopened * done.pages / done.documents) if done.documents else 0
    pages = known + guessed
    if not done.pages:
        return Estimate(len(batches), chosen.documents, pages, guessed, None, None, None)
    share = pages / done.pages
    devices = Counter({model: seconds * share for model, seconds in done.device_seconds.items()})
    return Estimate(
        len(batches),
        chosen.documents,
        pages,
        guessed,
        done.seconds * share / _HOUR_S,
        sum(devices.values()) / _HOUR_S,
        price.of(devices) if price else None,
    )
