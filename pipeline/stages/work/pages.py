"""Stage `pages`: open the PDF and read its pages' words, lines, rulings, bitmaps and links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from docmill.pipeline.convert.errors import PageError
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.pdf.page_range import select_pages
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Box, LeftOut, PageContent
from docmill.pipeline.stages.pages import PagesExtra, PagesStage
from docmill.pipeline.stages.results.artifacts import Piece
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.page_clock import PageClock
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.worker import WorkerContext
from docmill.pipeline.stages.selection import CHUNK_PAGES, FirstPages, NoPages, Pages

__all__ = ["look_over", "read_pages"]


def read_pages(context: WorkerContext, job: Job, which: FirstPages | NoPages | Pages) -> Chunk:
    """Read the pages asked for; the first few or none, and say which there are."""
    stage: PagesStage = context.engine
    pdf = context.pdf(job.document)
    selected: list[int] | None = None
    extra = PagesExtra()
    if isinstance(which, Pages):
        numbers = list(which.numbers)
    else:
        selected = select_pages(stage.range, pdf.page_count)
        numbers = selected[:CHUNK_PAGES] if isinstance(which, FirstPages) else []
        extra = PagesExtra(outline=pdf.outline(), info=pdf.metadata())
    issues: list[PageIssue] = []
    clock = PageClock()
    reading = (_read_page(pdf, number, stage, job.document.name, issues) for number in numbers)
    pages = list(clock.results(reading))
    if selected is not None and len(numbers) == len(selected):
        extra.style = _style(pages)
    record = StageRecord(
        stage="pages",
        document=job.document.id,
        name=job.document.name,
        page_count=pdf.page_count,
        pages=numbers,
        selected=selected,
        flagged=[page.number for page in pages if page.scanned],
        page_seconds=clock.seconds,
        issues=issues,
        counts={
            "pages": len(pages),
            "words": sum(len(page.words) for page in pages),
            "scanned_pages": sum(bool(page.scanned) for page in pages),
        },
        extra=msgspec.to_builtins(extra),
    )
    return Chunk(encode_pages(pages), record)


def look_over(context: WorkerContext, parts: Sequence[Piece]) -> dict[str, Any]:
    """What the pages of a long document have in common."""
    style = _style(page for part in parts for page in context.artifacts.part_pages(part, PageContent))
    extra: dict[str, Any] = msgspec.to_builtins(PagesExtra(style=style))
    return extra


def _read_page(pdf: Pdf, number: int, stage: PagesStage, name: str, issues: list[PageIssue]) -> PageContent:
    try:
        page = stage.reader.read(pdf, number, name) if stage.reader else read_page(pdf, number)
        return _as_scan(page) if stage.scans else page
    except PageError as error:
        issues.append(PageIssue(number, "pages", error.reason, error.message))
        return stage.failed_page(number, error.message)


def _as_scan(page: PageContent) -> PageContent:
    """A page without its text layer, all of which OCR reads."""
    whole = Box(0.0, 0.0, page.width, page.height)
    gone = sum(char.isalnum() for cell in page.cells for char in cell.text)
    left_out = page.left_out | ({LeftOut.AS_SCAN: gone} if gone else {})
    return msgspec.structs.replace(
        page, words=[], cells=[], fonts=[], doubted=[], scanned=[whole], left_out=left_out
    )


def _style(pages: Iterable[PageContent]) -> dict[str, Any]:
    style: dict[str, Any] = msgspec.to_builtins(document_style(page for page in pages if not page.error))
    return style
