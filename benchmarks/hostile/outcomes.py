"""What became of the hostile files, and what of it must not happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from benchmarks.hostile.corpus import HostileFile
from docmill.pipeline.convert.errors import DocumentError, document_error
from docmill.pipeline.stages.results.records import PageIssue, StageRecord

__all__ = ["Outcome", "by_kind", "by_reason", "outcomes", "violations"]

#: Reasons that say that docmill, not the file, is at fault.
_OWN_FAULTS = frozenset({"internal", DocumentError.reason, "source_missing", "source_changed"})


class Outcome(msgspec.Struct, frozen=True):
    """One file's end: the reasons are the document's, or those of its pages, each once."""

    kind: str
    name: str
    status: str
    reasons: list[str]
    messages: list[str]
    pages: int
    seconds: float
    lost_workers: int


def outcomes(
    files: Sequence[HostileFile], records: Sequence[StageRecord], lost_workers: dict[str, int]
) -> list[Outcome]:
    """The outcome of every file that has one, in the order of the files."""
    found = {record.name: record for record in records}
    return [
        _outcome(file, found[file.name], lost_workers.get(found[file.name].document, 0))
        for file in files
        if file.name in found
    ]


def violations(files: Sequence[HostileFile], records: Sequence[StageRecord]) -> Iterator[str]:
    """Every outcome that is missing, untyped, docmill's own fault, or that does not say what to do."""
    found = {record.name: record for record in records}
    for file in files:
        record = found.get(file.name)
        if record is None:
            yield f"{file.name}: no outcome"
            continue
        if record.status == "failed":
            yield f"{file.name}: failed, {record.reason}: {record.message}"
        if not record.usable and not (record.message.startswith(file.name) and record.remedy):
            yield f"{file.name}: the message names no file or remedy: {record.message!r}"
        if record.status == "partial" and not record.issues:
            yield f"{file.name}: partial without an issue"
        reasons = {record.reason: record.message} if record.reason else {}
        for reason, message in (reasons | {issue.reason: _told(issue) for issue in record.issues}).items():
            if reason in _OWN_FAULTS or document_error(reason, "").reason != reason:
                yield f"{file.name}: {reason}: {message}"


def by_kind(found: Sequence[Outcome]) -> dict[str, Counter[str]]:
    """How often each status came up in each kind."""
    counts: dict[str, Counter[str]] = {}
    for outcome in found:
        counts.setdefault(outcome.kind, Counter())[outcome.status] += 1
    return counts


def by_reason(found: Sequence[Outcome]) -> Counter[tuple[str, str]]:
    """How many files have each status and reason; a file may have several reasons."""
    return Counter((outcome.status, reason) for outcome in found for reason in outcome.reasons)


def _outcome(file: HostileFile, record: StageRecord, lost_workers: int) -> Outcome:
    issues = {issue.reason: _told(issue) for issue in reversed(record.issues)}
    own = {record.reason: record.message} if record.reason else {}
    told: dict[str, Any] = own | (issues if record.usable else {})
    return Outcome(
        kind=file.kind,
        name=file.name,
        status=record.status,
        reasons=sorted(told),
        messages=[told[reason] for reason in sorted(told)],
        pages=len(record.pages),
        seconds=round(record.seconds, 2),
        lost_workers=lost_workers,
    )


def _told(issue: PageIssue) -> str:
    return f"page {issue.page}, {issue.stage}: {issue.message}"
