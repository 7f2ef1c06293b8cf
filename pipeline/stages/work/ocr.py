"""Stage `ocr`: read the text of pages and bitmaps that have no text layer, and of no others."""

from __future__ import annotations

from collections.abc import Iterator

from docmill.pipeline.convert.engines import OcrEngine, OcrView
from docmill.pipeline.convert.errors import NotRecognisedError
from docmill.pipeline.convert.pinned import unchanged
from docmill.pipeline.convert.types import PageContent, PageOcr
from docmill.pipeline.stages.results.accounting import device_seconds
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
    if engine is None:
        pages, spent = [PageOcr(number=number, note="scanned, and OCR is off") for number in numbers], {}
    else:
        with device_seconds(engine) as spent, unchanged(engine):
            pages = list(clock.results(engine.read_pages(_views(context, job, numbers, clock))))
    record = StageRecord(
        stage="ocr",
        document=job.document.id,
        name=job.document.name,
        pages=numbers,
        issues=[_issue(page) for page in pages if page.note or page.error],
        counts={"ocr_pages": len(pages), "ocr_words": sum(len(page.words) for page in pages)},
        device_seconds=spent,
        page_seconds=clock.seconds,
    )
    return Chunk(encode_pages(pages), record)


def _views(context: WorkerContext, job: Job, numbers: list[int], clock: PageClock) -> Iterator[OcrView]:
    wanted = context.artifacts.pages(
        job.document.id, "pages", job.fingerprints["pages"], PageContent, numbers
    )
    for number, content in wanted:
        render = clock.render(number, context.renderer(job.document, number))
        yield OcrView(content, render, job.document.name)


def _issue(page: PageOcr) -> PageIssue:
    return PageIssue(page.number, "ocr", NotRecognisedError.reason, page.error or page.note or "")
