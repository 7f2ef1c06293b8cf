"""How a row of the ledger follows from the one before and what happened to the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import msgspec

from docmill.pipeline.convert.errors import BatchStoppedError, RunInterruptedError
from docmill.pipeline.corpus.ledger.entries import Attempt, DocumentRow, End, SourceRow
from docmill.pipeline.intake.batches import CONVERT, DocumentRef, Manifest
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.pipeline.stages.results.records import StageRecord

__all__ = [
    "Outcome",
    "after",
    "attempt_of",
    "ended_row",
    "interrupted_row",
    "interruption_of",
    "queued_row",
    "source_row",
    "stopped_row",
    "superseded_row",
]

_LAST = "exports"


@dataclass(frozen=True)
class Outcome:
    """What a run made of a batch, as far as it is the same for all its documents."""

    batch: str
    origin: str
    run: str
    prints: Mapping[str, str]
    out: str = ""


def source_row(ref: DocumentRef, manifest: Manifest, at: datetime) -> SourceRow:
    """The source of a document of a batch, as seen."""
    return SourceRow(
        address=ref.source,
        version=ref.version,
        size=ref.size,
        at=at,
        document=ref.id,
        batch=manifest.key,
        origin=manifest.origin,
    )


def queued_row(ref: DocumentRef, manifest: Manifest, known: DocumentRow | None, at: datetime) -> DocumentRow:
    """A document that waits; what is `known` of it stays, for its artifacts are still there."""
    if known is None:
        return msgspec.structs.replace(_new(ref, at), batch=manifest.key, origin=manifest.origin)
    return msgspec.structs.replace(
        known,
        name=ref.name,
        published=ref.published,
        version=ref.version,
        at=max(at, known.at),
        batch=manifest.key,
        origin=manifest.origin,
        state="queued",
    )


def interrupted_row(known: DocumentRow, run: str, error: RunInterruptedError, now: datetime) -> DocumentRow:
    """A document that waited for a run which ended before it; its result stays."""
    return msgspec.structs.replace(
        known,
        at=max(now, known.at),
        run=run,
        state="interrupted",
        reason=error.reason,
        message=f"{known.name}: {error.message}",
        remedy=error.remedy,
        stage="",
        tried=error.reason,
        permanent=False,
        interruptions=known.interruptions + 1,
    )


def superseded_row(known: DocumentRow, at: datetime) -> DocumentRow:
    """A document whose file holds another one since then; its result stays."""
    return msgspec.structs.replace(
        known, at=max(at, known.at), state="superseded", reason="", message="", remedy="", stage=""
    )


def stopped_row(outcome: Outcome, ref: DocumentRef, error: BatchStoppedError, now: datetime) -> DocumentRow:
    """The end of a document whose batch was stopped at `now`."""
    return msgspec.structs.replace(
        _new(ref, now),
        batch=outcome.batch,
        origin=outcome.origin,
        state="failed",
        reason=error.reason,
        message=f"{ref.name}: {error.message}",
        remedy=error.remedy,
        run=outcome.run,
        attempts=1,
        permanent=False,
        # it is not stale: it was tried with these settings
        last_print=outcome.prints.get(_LAST, ""),
    )


def ended_row(
    outcome: Outcome, ref: DocumentRef, record: StageRecord, now: datetime, original: str
) -> DocumentRow:
    """The end that a run came to with a document at `now`, as if it were the first."""
    usable = record.usable
    reason = record.reason or ",".join(sorted({issue.reason for issue in record.issues}))
    return msgspec.structs.replace(
        _new(ref, now),
        batch=outcome.batch,
        origin=outcome.origin,
        state=record.status,
        reason=reason,
        message=record.message,
        remedy=record.remedy,
        stage=record.stopped_at,
        result=record.status if usable else "",
        result_reason=reason if usable else "",
        page_count=record.page_count,
        pages=len(record.pages),
        issues=len(record.issues),
        seconds=record.seconds,
        cpu_seconds=record.cpu_seconds,
        device_seconds=record.device_seconds,
        characters=record.characters if usable else {},
        prints=dict(outcome.prints),
        files=record.extra_as(ExportsExtra).files if usable else {},
        out=outcome.out if usable else "",
        out_stem=ref.stem if usable and outcome.out else "",
        run=outcome.run,
        attempts=0 if record.final else 1,
        permanent=record.permanent,
        last_print=outcome.prints.get(_LAST, ""),
        original=original,
    )


def after(known: DocumentRow | None, ended: DocumentRow) -> DocumentRow:
    """What stands of a document: of the end of a run, and what was known before."""
    if known is None:
        return ended
    by_hand = ended.origin == CONVERT and not known.by_hand
    row = _by_hand(known, ended) if by_hand else _of_its_own(known, ended)
    superseded = known.state == "superseded" and (by_hand or known.batch == ended.batch)
    return msgspec.structs.replace(row, state="superseded") if superseded else row


def attempt_of(row: DocumentRow) -> Attempt:
    """An end, for the history of its document."""
    return msgspec.structs.replace(
        interruption_of(row),
        stage=row.stage,
        print=row.last_print,
        page_count=row.page_count,
        pages=row.pages,
        issues=row.issues,
        seconds=row.seconds,
        out=row.out,
    )


def interruption_of(row: DocumentRow) -> Attempt:
    """An interruption, for the history of its document: nothing of its result was made then."""
    return Attempt(
        key=_key(row),
        entry=row.entry,
        at=row.at,
        run=row.run,
        batch=row.batch,
        origin=row.origin,
        state=row.state,
        reason=row.reason,
        message=row.message,
    )


def _key(row: DocumentRow) -> str:
    return f"{row.entry}-{row.at:%Y%m%dT%H%M%S%f}-{row.run[:8]}"


def _new(ref: DocumentRef, at: datetime) -> DocumentRow:
    return DocumentRow(
        id=ref.id,
        name=ref.name,
        source=ref.source,
        size=ref.size,
        at=at,
        batch="",
        version=ref.version,
        published=ref.published,
    )


def _by_hand(known: DocumentRow, ended: DocumentRow) -> DocumentRow:
    """Somebody converted an inbox's document by hand: it stays the inbox's, better off or as it was."""
    if known.result or not ended.result:
        return known
    return msgspec.structs.replace(
        ended,
        name=known.name,
        published=known.published,
        version=known.version,
        batch=known.batch,
        origin=known.origin,
        out=known.out,
        out_stem=known.out_stem,
    )


def _of_its_own(known: DocumentRow, ended: DocumentRow) -> DocumentRow:
    """A run of the document's own: a good end is the new result, a bad one leaves that of before."""
    tried_before = known.attempts if known.last_print == ended.last_print else 0
    attempts = ended.attempts and ended.attempts + tried_before
    copies: dict[str, Any] = {} if ended.out else {"out": known.out, "out_stem": _stem(known)}
    if ended.result or not known.result:
        kept: dict[str, Any] = {} if ended.result else {"prints": ended.prints or known.prints}
        return msgspec.structs.replace(ended, attempts=attempts, **copies, **kept)
    return msgspec.structs.replace(
        known,
        name=ended.name,
        published=ended.published,
        version=ended.version,
        at=ended.at,
        batch=ended.batch,
        origin=ended.origin,
        state=cast("End", known.result),
        reason=known.result_reason,
        message="",
        remedy="",
        stage="",
        out_stem=_stem(known),
        run=ended.run,
        attempts=attempts,
        tried=ended.reason,
        interruptions=0,
        permanent=ended.permanent,
        last_print=ended.last_print,
    )


def _stem(row: DocumentRow) -> str:
    """The name of its copies; earlier versions did not write it."""
    return (row.out_stem or row.ref.stem) if row.out else ""
