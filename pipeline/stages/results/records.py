"""Typed outcomes: what each stage records about each document, kept in the index of its artifact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import msgspec

from docmill.pipeline.convert.errors import DocumentError, document_error
from docmill.pipeline.stages.results.accounting import summed

__all__ = ["CHARACTERS", "PageIssue", "StageRecord", "Status", "merge", "quarantine", "renamed"]

E = TypeVar("E", bound=msgspec.Struct)
Status = Literal["converted", "partial", "quarantined", "failed"]
#: How the counts begin that say what became of the letters and digits of a document.
CHARACTERS = "characters_"


class PageIssue(msgspec.Struct, frozen=True):
    """One page that a stage could not do; the page degrades to what the stages before it found."""

    page: int
    stage: str
    reason: str
    message: str

    @property
    def remedy(self) -> str:
        """What a person can do about it."""
        return document_error(self.reason, self.message).remedy

    @property
    def permanent(self) -> bool:
        """Whether the same bytes and settings would fail again."""
        return document_error(self.reason, self.message).permanent


class StageRecord(msgspec.Struct, kw_only=True):
    """The outcome of one stage for one document.

    `selected` are the pages to convert, in the record that found them out; `flagged` are the pages on which
    the next optional stage has work (scanned pages, pages with tables); `counts` are numbers for people and
    plots; `seconds` is worker time, summed over pages, `cpu_seconds` what its workers computed in it (0 for
    a worker that was lost, and in records of earlier versions); `device_seconds` is what servers measured,
    by model, and empty when none did; `page_seconds` is the wall time of each page in its worker
    (`PageClock`; of a page that was given up, of its last attempt; of a page that a model was asked about, of
    its answers), and empty for stages that do documents whole; `extra` is what the stage says besides
    (`extra_as`).
    `stopped_at` names the stage that gave the document up, in the records of all that follow.
    """

    stage: str
    document: str
    name: str
    status: Status = "converted"
    reason: str = ""
    message: str = ""
    remedy: str = ""
    stopped_at: str = ""
    page_count: int = 0
    pages: list[int] = []
    selected: list[int] | None = None
    flagged: list[int] = []
    issues: list[PageIssue] = []
    counts: dict[str, int | float] = {}
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    device_seconds: dict[str, float] = {}
    page_seconds: dict[int, float] = {}
    reused: bool = False
    extra: dict[str, Any] = {}

    def extra_as(self, kind: type[E]) -> E:
        """What the stage says besides, as the struct that it says it in; without a word its defaults."""
        return msgspec.convert(self.extra, kind)

    @property
    def characters(self) -> dict[str, float]:
        """What became of the letters and digits of the document; empty before it is assembled."""
        counts = self.counts.items()
        return {name.removeprefix(CHARACTERS): n for name, n in counts if name.startswith(CHARACTERS)}

    @property
    def usable(self) -> bool:
        """Whether the stages after this one have something to work with."""
        return self.status in ("converted", "partial")

    @property
    def permanent(self) -> bool:
        """Whether the same bytes and settings would come to this end again."""
        return self.final if self.usable else document_error(self.reason, self.message).permanent

    @property
    def final(self) -> bool:
        """Whether doing it again would come to the same: a page that timed out may do better next time."""
        return self.usable and all(issue.permanent for issue in self.issues)


def merge(parts: Sequence[StageRecord]) -> StageRecord:
    """The record of a document from the records of its page chunks, in page order."""
    first = parts[0]
    counts: dict[str, int | float] = {}
    for part in parts:
        for key, value in part.counts.items():
            counts[key] = counts.get(key, 0) + value
    issues = [issue for part in parts for issue in part.issues]
    return StageRecord(
        stage=first.stage,
        document=first.document,
        name=first.name,
        status="partial" if issues else "converted",
        page_count=max(part.page_count for part in parts),
        pages=[page for part in parts for page in part.pages],
        selected=next((part.selected for part in parts if part.selected is not None), None),
        flagged=[page for part in parts for page in part.flagged],
        issues=issues,
        counts=counts,
        seconds=sum(part.seconds for part in parts),
        cpu_seconds=sum(part.cpu_seconds for part in parts),
        device_seconds=summed(part.device_seconds for part in parts),
        page_seconds={page: seconds for part in parts for page, seconds in part.page_seconds.items()},
        extra={key: value for part in parts for key, value in part.extra.items()},
    )


def quarantine(stage: str, document: str, name: str, error: DocumentError, seconds: float) -> StageRecord:
    """The record of a document that cannot be converted, or (`internal`, `failed`) that docmill failed on."""
    return StageRecord(
        stage=stage,
        document=document,
        name=name,
        status="failed" if error.reason in ("internal", "failed") else "quarantined",
        reason=error.reason,
        message=f"{name}{f', page {error.page}' if error.page else ''}: {error.message}",
        remedy=error.remedy,
        stopped_at=stage,
        seconds=seconds,
    )


def renamed(record: StageRecord, name: str) -> StageRecord:
    """The record under another name of the same bytes."""
    message = record.message
    if message.startswith(record.name):
        message = name + message.removeprefix(record.name)
    return msgspec.structs.replace(record, name=name, message=message)
