"""What a backfill will take, from what the ledger says documents took so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.pipeline.corpus.report import CorpusTotals
from docmill.pipeline.intake.page_counts import PagesBySize, count_pages
from docmill.resources.price import Price

__all__ = ["Estimate", "estimate"]

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Estimate:
    """`pages` at most: what is still valid of earlier runs is not done again.

    Documents that were never opened are opened and counted, where they are few and files of this machine.
    `guessed` are the pages of others, by their size: rather too many than too few. Hours are what so many
    pages took so far; None when nothing has been converted yet to go by.
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
    done, chosen, by_size = CorpusTotals(), CorpusTotals(), PagesBySize()
    unopened: list[tuple[str, int]] = []
    known = 0
    wanted = pa.array(sorted(batches), pa.string())
    for table in ledger.documents.scan():
        # a document without files was never converted, and what it took says nothing
        done.add(table.filter(pc.greater(table["pages"], 0)))
        opened = table.filter(pc.greater(table["page_count"], 0))
        by_size.add(opened["size"].to_numpy(), opened["page_count"].to_numpy())
        ours = table.filter(pc.is_in(table["batch"], wanted))
        chosen.add(ours)
        known += pc.sum(ours["page_count"]).as_py() or 0
        closed = ours.filter(pc.equal(ours["page_count"], 0))
        unopened += zip(closed["source"].to_pylist(), closed["size"].to_pylist(), strict=True)
    counted = count_pages([source for source, _ in unopened])
    guessed = sum(by_size.guess([size for source, size in unopened if source not in counted]))
    pages = known + sum(counted.get(source, 0) for source, _ in unopened) + guessed
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
        price.of(devices, done.cpu_seconds * share) if price else None,
    )
