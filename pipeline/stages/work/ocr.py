"""Stage `ocr`: read the text of pages and bitmaps that have no text layer, or a doubtful one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from docmill.pipeline.convert.engines import OcrEngine, OcrView
from docmill.pipeline.convert.errors import NotRecognisedError
from docmill.pipeline.convert.pdf.missing_text.doubt import says_nothing
from docmill.pipeline.convert.pinned import unchanged
from docmill.pipeline.convert.replaced_text import settled
from docmill.pipeline.convert.types import PageContent, PageOcr
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.page_clock import PageClock
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.worker import WorkerContext
from docmill.pipeline.stages.selection import Pages

__all__ = ["read_scans"]


def read_scans(context: WorkerContext, job: Job, asked: Pages) -> Chunk:
    """Recognise the scanned regions of the pages asked for. Without an engine (OCR off) the page says so."""
    numbers = list(asked.numbers)
    engine: OcrEngine | None = context.engine
    clock = PageClock()
    contents = dict(
        context.artifacts.pages(job.document.id, "pages", job.fingerprints["pages"], PageContent, numbers)
    )
    if engine is None:
        pages = [_unread(content) for content in contents.values()]
    else:
        with unchanged(engine):
            read = list(clock.results(engine.read_pages(_views(context, job, contents, clock))))
        pages = [settled(contents[page.number], page) for page in read]
    record = StageRecord(
        stage="ocr",
        document=job.document.id,
        name=job.document.name,
        pages=numbers,
        issues=[_issue(page) for page in pages if page.note or page.error],
        counts={
            "ocr_pages": len(pages),
            "ocr_words": sum(len(page.words) for page in pages),
            "replaced_lines": sum(len(page.replaces) for page in pages),
        },
        page_seconds=clock.seconds,
    )
    return Chunk(encode_pages(pages), record)


def _views(
    context: WorkerContext, job: Job, contents: Mapping[int, PageContent], clock: PageClock
) -> Iterator[OcrView]:
    for number, content in contents.items():
        render = clock.render(number, context.renderer(job.document, number))
        yield OcrView(content, render, job.document.name)


def _unread(page: PageContent) -> PageOcr:
    """A page that nothing reads; a text layer that is only suspected stands, without a word."""
    if not page.doubted:
        return PageOcr(number=page.number, note="scanned, and OCR is off")
    empty = any(says_nothing(page.cells[index].text) for index in page.doubted)
    note = "its text layer has characters without a meaning, and OCR is off" if empty else None
    return PageOcr(number=page.number, note=note)


def _issue(page: PageOcr) -> PageIssue:
    return PageIssue(page.number, "ocr", NotRecognisedError.reason, page.error or page.note or "")
