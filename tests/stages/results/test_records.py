"""Outcomes: merged from page chunks, quarantined, renamed."""

from __future__ import annotations

import msgspec
import pytest

from docmill.pipeline.convert.errors import (
    DocumentCrashedError,
    DocumentError,
    EncryptedPdfError,
    InternalDocumentError,
    PageTooLargeError,
)
from docmill.pipeline.stages.results.records import PageIssue, StageRecord, Status, merge, quarantine, renamed


def part(pages: list[int], **fields: object) -> StageRecord:
    return StageRecord(stage="pages", document="d", name="a.pdf", pages=pages, **fields)  # type: ignore[arg-type]


def test_chunks_are_merged() -> None:
    issue = PageIssue(3, "pages", "page_failed", "broken")
    merged = merge(
        [
            part([1, 2], page_count=4, flagged=[2], counts={"words": 10}, seconds=1.0, extra={"a": 1}),
            part(
                [3, 4],
                page_count=4,
                flagged=[4],
                counts={"words": 5, "scans": 1},
                seconds=0.5,
                issues=[issue],
            ),
        ]
    )
    assert merged == part(
        [1, 2, 3, 4],
        status="partial",
        page_count=4,
        flagged=[2, 4],
        counts={"words": 15, "scans": 1},
        seconds=1.5,
        issues=[issue],
        extra={"a": 1},
    )


def test_chunks_that_were_written_and_read_count_as_if_they_had_never_been_apart() -> None:
    halves = [msgspec.json.encode(part([page], counts={"words": 5, "share": 0.25})) for page in (1, 2)]
    merged = merge([msgspec.json.decode(half, type=StageRecord) for half in halves])
    assert msgspec.json.encode(merged.counts) == b'{"words":10,"share":0.5}'


def test_chunks_without_issues_are_converted() -> None:
    assert merge([part([1]), part([2])]).status == "converted"


@pytest.mark.parametrize(
    ("status", "usable"),
    [("converted", True), ("partial", True), ("quarantined", False), ("failed", False)],
)
def test_what_later_stages_can_use(status: Status, usable: bool) -> None:
    record = part([1], status=status)
    assert (record.usable, record.final) == (usable, usable)


@pytest.mark.parametrize(
    ("reason", "final"),
    [("page_failed", True), ("page_too_large", True), ("not_recognised", True), ("crashed", False),
     ("timed_out", False), ("out_of_memory", False), ("internal", False)],
)  # fmt: skip
def test_pages_that_may_do_better_next_time_make_no_final_record(reason: str, final: bool) -> None:
    issue = PageIssue(1, "pages", reason, "it went wrong")
    record = part([1], status="partial", issues=[issue])
    assert record.final == final
    assert issue.remedy


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EncryptedPdfError("needs a password"), "quarantined"),
        (DocumentCrashedError("died"), "quarantined"),
        (InternalDocumentError("a bug"), "failed"),
        (DocumentError("something"), "failed"),
    ],
)
def test_a_quarantined_document_says_why_and_what_to_do(error: DocumentError, status: str) -> None:
    record = quarantine("pages", "d", "a.pdf", error, 2.0)
    assert (record.status, record.reason, record.seconds) == (status, error.reason, 2.0)
    assert record.message == f"a.pdf: {error.message}"
    assert record.remedy == error.remedy


def test_the_message_names_the_page() -> None:
    record = quarantine("layout", "d", "a.pdf", PageTooLargeError("200 metres", page=7), 0.0)
    assert record.message == "a.pdf, page 7: 200 metres"


def test_another_name_of_the_same_bytes() -> None:
    record = quarantine("pages", "d", "a.pdf", EncryptedPdfError("a.pdf needs a password"), 0.0)
    again = renamed(record, "b.pdf")
    assert (again.name, again.message) == ("b.pdf", "b.pdf: a.pdf needs a password")
    assert (record.name, record.message) == ("a.pdf", "a.pdf: a.pdf needs a password")
    assert renamed(part([1]), "b.pdf") == StageRecord(stage="pages", document="d", name="b.pdf", pages=[1])
