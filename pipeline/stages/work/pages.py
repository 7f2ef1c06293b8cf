"""Stage `pages`: open the PDF and read its pages' words, lines, rulings, bitmaps and links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from docmill.pipeline.convert.errors import PageError
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.pdf.page_range import select_pages
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import PageContent
from docmill.pipeline.stages.registry import failed_content
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.running.runner import CHUNK_PAGES, FIRST_PAGES, NO_PAGES, Chunk, Job
from docmill.pipeline.stages.running.worker import ReaderSettings, WorkerContext

__all__ = ["look_over", "read_pages"]


def read_pages(context: WorkerContext, job: Job, numbers: list[int]) -> Chunk:
    """Read the pages asked for; the first few (`FIRST_PAGES`) or none (`NO_PAGES`), and say which exist."""
    pdf = context.pdf(job.document)
    extra: dict[str, Any] = {}
    if numbers in (FIRST_PAGES, NO_PAGES):
        selected = select_pages(context.reader.pages, pdf.page_count)
        numbers = selected[:CHUNK_PAGES] if numbers == FIRST_PAGES else []
        outline = [msgspec.to_builtins(entry) for entry in pdf.outline()]
        extra = {"selected": selected, "outline": outline, "info": pdf.metadata()}
    issues: list[PageIssue] = []
    pages = [_read_page(pdf, number, context.reader, job.document.name, issues) for number in numbers]
    if extra and len(numbers) == len(extra["selected"]):
        extra |= _style(pages)
    record = StageRecord(
        stage="pages",
        document=job.document.id,
        name=job.document.name,
        page_count=pdf.page_count,
        pages=numbers,
        flagged=[page.number for page in pages if page.scanned],
        issues=issues,
        counts={
            "pages": len(pages),
            "words": sum(len(page.words) for page in pages),
            "scanned_pages": sum(bool(page.scanned) for page in pages),
        },
        extra=extra,
    )
    return Chunk(encode_pages(pages), record)


def look_over(context: WorkerContext, parts: list[str]) -> dict[str, Any]:
    """What the pages of a long document have in common."""
    return _style(page for path in parts for page in context.artifacts.part_pages(path, PageContent))


def _read_page(
    pdf: Pdf, number: int, reader: ReaderSettings, name: str, issues: list[PageIssue]
) -> PageContent:
    try:
        page = read_page(pdf, number, legacy_text=reader.legacy_text)
        return reader.text.of(name).read(page) if reader.text else page
    except PageError as error:
        issues.append(PageIssue(number, "pages", error.reason, error.message))
        return failed_content(number, error.message)


def _style(pages: Iterable[PageContent]) -> dict[str, Any]:
    return {"style": msgspec.to_builtins(document_style(page for page in pages if not page.error))}
