"""Stage `ocr`: read the text of pages and bitmaps that have no text layer, and of no others."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.accounting import device_seconds
from pipeline.convert.engines import OcrEngine, OcrView
from pipeline.convert.errors import NotRecognisedError
from pipeline.convert.frames import encode_pages
from pipeline.convert.types import PageContent, PageOcr
from pipeline.records import PageIssue, StageRecord
from pipeline.stage import Chunk, Job
from pipeline.worker import WorkerContext

__all__ = ["read_scans"]


def read_scans(context: WorkerContext, job: Job, numbers: list[int]) -> Chunk:
    """Recognise the scanned regions of the pages asked for. Without an engine (OCR off) the page says so."""
    engine: OcrEngine | None = context.engine
    if engine is None:
        pages, spent = [PageOcr(number=number, note="scanned, and OCR is off") for number in numbers], {}
    else:
        with device_seconds(engine) as spent:
            pages = list(engine.read_pages(_views(context, job, numbers)))
    record = StageRecord(
        stage="ocr",
        document=job.document.id,
        name=job.document.name,
        pages=numbers,
        issues=[_issue(page) for page in pages if page.note or page.error],
        counts={"ocr_pages": len(pages), "ocr_words": sum(len(page.words) for page in pages)},
        device_seconds=spent,
    )
    return Chunk(encode_pages(pages), record)


def _views(context: WorkerContext, job: Job, numbers: list[int]) -> Iterator[OcrView]:
    wanted = context.artifacts.pages(
        job.document.id, "pages", job.fingerprints["pages"], PageContent, numbers
    )
    for number, content in wanted:
        yield OcrView(content, context.renderer(job.document, number), job.document.name)


def _issue(page: PageOcr) -> PageIssue:
    return PageIssue(page.number, "ocr", NotRecognisedError.reason, page.error or page.note or "")
