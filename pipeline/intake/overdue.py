"""Batches that should run: interrupted, forgotten, with chance failures, or made by other settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from docmill.pipeline.intake.batches import BACKFILL, INBOX, RETRY

__all__ = ["OVERDUE_COLUMNS", "Overdue", "OverdueLimits", "Why", "overdue_batches"]

Why = Literal["interrupted", "missing", "failed", "fallback", "stale"]
#: The columns that decide it.
OVERDUE_COLUMNS = (
    "state",
    "at",
    "batch",
    "origin",
    "permanent",
    "attempts",
    "interruptions",
    "last_print",
    "run",
)
_ORDER: tuple[Why, ...] = ("interrupted", "missing", "failed", "fallback", "stale")
#: What somebody converted by hand with options of his own is not stale because the defaults differ.
_KEPT_CURRENT = (INBOX, RETRY, BACKFILL)


@dataclass(frozen=True)
class Overdue:
    """A batch that should run, the strongest reason why, and how many of its documents that concerns.

    `run` is the one that was interrupted, whose settings the next one is to have.
    """

    batch: str
    why: Why
    documents: int
    run: str = ""


@dataclass(frozen=True)
class OverdueLimits:
    """When a batch is overdue."""

    #: A batch that waits for so long was forgotten, or its run has failed.
    missing_after: timedelta = timedelta(hours=1)
    #: A document that failed so often is left to people.
    max_attempts: int = 3
    #: And one whose runs ended so often before it did.
    max_interruptions: int = 20


def overdue_batches(
    documents: Iterable[pa.Table],
    current: str | None,
    whys: Collection[Why] = _ORDER,
    limits: OverdueLimits | None = None,
    now: datetime | None = None,
    fallbacks: Collection[str] = (),
) -> list[Overdue]:
    """Such batches: interrupted before missing before failed before stale, the oldest first.

    `documents` are rows of the ledger with at least `OVERDUE_COLUMNS`, as tables.
    `current` is the fingerprint of exports under the settings of now; None when it is not known, and
    then nothing is stale. `fallbacks` are those of exports that were made while a server was away.
    """
    limits, now = limits or OverdueLimits(), now or datetime.now(UTC)
    counts: dict[str, Counter[Why]] = {}
    runs: dict[str, tuple[datetime, str]] = {}
    for table in documents:
        masks: dict[Why, Any] = {
            "interrupted": _interrupted(table, limits.max_interruptions),
            "missing": _missing(table, now - limits.missing_after),
            "failed": _failed(table, limits.max_attempts),
            "fallback": _made_as(table, fallbacks) if fallbacks else None,
            "stale": None if current is None else _stale(table, current),
        }
        for why in whys:
            if masks[why] is not None:
                for each in pc.value_counts(table.filter(masks[why])["batch"]).to_pylist():
                    counts.setdefault(each["values"], Counter())[why] += each["counts"]
        for row in table.filter(masks["interrupted"]).select(["batch", "at", "run"]).to_pylist():
            latest = (row["at"], row["run"] or "")
            runs[row["batch"]] = max(latest, runs.get(row["batch"], latest))
    found = []
    for batch, by_why in counts.items():
        why = next(why for why in _ORDER if by_why[why])
        run = runs[batch][1] if why == "interrupted" else ""
        found.append(Overdue(batch, why, by_why[why], run))
    return sorted(found, key=lambda each: (_ORDER.index(each.why), each.batch))


def _interrupted(table: pa.Table, most: int) -> Any:
    often = pc.greater_equal(pc.fill_null(table["interruptions"], 0), most)
    return pc.and_(pc.equal(table["state"], "interrupted"), pc.invert(often))


def _missing(table: pa.Table, before: datetime) -> Any:
    waited = pc.less(table["at"], pa.scalar(before, pa.timestamp("us", "UTC")))
    return pc.and_(pc.equal(table["state"], "queued"), waited)


def _failed(table: pa.Table, max_attempts: int) -> Any:
    """Also those whose older result stands though the settings of now failed."""
    bad = pc.is_in(table["state"], pa.array(["failed", "quarantined", "partial"]))
    tried = pc.and_(pc.equal(table["state"], "converted"), pc.greater(table["attempts"], 0))
    bad, again = pc.or_(bad, tried), pc.less(table["attempts"], max_attempts)
    return pc.and_(bad, pc.and_(pc.invert(table["permanent"]), again))


def _made_as(table: pa.Table, prints: Collection[str]) -> Any:
    return pc.and_(_ours(table), pc.is_in(table["last_print"], pa.array(sorted(prints))))


def _stale(table: pa.Table, current: str) -> Any:
    other = pc.and_(pc.not_equal(table["last_print"], current), pc.not_equal(table["last_print"], ""))
    return pc.and_(_ours(table), other)


def _ours(table: pa.Table) -> Any:
    """What is kept as the settings of now make it, and is done."""
    ours = pc.is_in(table["origin"], pa.array(list(_KEPT_CURRENT)))
    done = pc.invert(pc.is_in(table["state"], pa.array(["queued", "interrupted", "superseded"])))
    return pc.and_(ours, done)
