"""What became of each document, a line of JSON each; files that could not be read are documents, too."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from docmill.pipeline.convert.document.pictures.picture_names import artifacts_folder
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.pipeline.stages.results.records import PageIssue, StageRecord, Status, quarantine
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import UnreadableSource

__all__ = ["Outcome", "outcome", "published_files", "unread_outcome", "unread_record"]

#: The stage of what is not even a document yet.
_FINDING = "files"


class Outcome(msgspec.Struct, kw_only=True):
    """A document when it is done: `document` is its id, `files` the addresses of its results."""

    document: str
    name: str
    source: str
    status: Status
    reason: str = ""
    message: str = ""
    remedy: str = ""
    batch: str = ""
    page_count: int = 0
    pages: int = 0
    issues: list[PageIssue] = []
    seconds: float = 0.0
    device_seconds: dict[str, float] = {}
    files: list[str] = []


def outcome(ref: DocumentRef, record: StageRecord, batch: str, files: Sequence[str]) -> Outcome:
    """What became of a document of a batch."""
    return Outcome(
        document=ref.id,
        name=ref.name,
        source=ref.source,
        status=record.status,
        reason=record.reason,
        message=record.message,
        remedy=record.remedy,
        batch=batch,
        page_count=record.page_count,
        pages=len(record.pages),
        issues=record.issues,
        seconds=record.seconds,
        device_seconds=record.device_seconds,
        files=list(files),
    )


def published_files(ref: DocumentRef, record: StageRecord, out: str) -> list[str]:
    """The addresses of a document's results below `out`."""
    target = DocumentStore(out)
    made = record.extra_as(ExportsExtra) if record.usable else ExportsExtra()
    names = [f"{ref.stem}.{extension}" for extension in sorted(made.files)]
    names += [f"{artifacts_folder(ref.stem)}/{name}" for name in made.images]
    return [target.full_path(name) for name in names]


def unread_record(unread: UnreadableSource) -> StageRecord:
    """The record of a file that could not be read: it has no id, and no batch."""
    return quarantine(_FINDING, "", unread.name, unread.error, 0.0)


def unread_outcome(unread: UnreadableSource) -> Outcome:
    """The same, as a line of JSON has it."""
    return outcome(DocumentRef("", unread.name, unread.address, 0), unread_record(unread), "", ())
