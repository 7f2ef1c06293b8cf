"""Stage `layout`: render each page, detect its regions, and run docling's layout post-processing on them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence

from docmill.pipeline.convert.document.docling_stages import postprocess
from docmill.pipeline.convert.engines import LayoutEngine, LayoutView
from docmill.pipeline.convert.pinned import unchanged
from docmill.pipeline.convert.replaced_text import without_replaced
from docmill.pipeline.convert.types import PageContent, PageLayout, PageOcr
from docmill.pipeline.convert.upright import Turn, turned_regions
from docmill.pipeline.stages.results.frames import encode_pages
from docmill.pipeline.stages.results.page_clock import PageClock
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.worker import WorkerContext
from docmill.pipeline.stages.selection import Pages
from docmill.pipeline.stages.work.document_style import document_style

__all__ = ["TABLE_LABELS", "find_regions"]

TABLE_LABELS = frozenset({"table", "document_index"})


def find_regions(context: WorkerContext, job: Job, asked: Pages) -> Chunk:
    """The regions of the pages asked for."""
    numbers = list(asked.numbers)
    engine: LayoutEngine = context.engine
    clock = PageClock()
    with unchanged(engine):
        pages = list(clock.results(_layouts(context, job, engine, numbers, clock)))
    labels = [region.label for page in pages for region in page.clusters]
    record = StageRecord(
        stage="layout",
        document=job.document.id,
        name=job.document.name,
        pages=numbers,
        flagged=[p.number for p in pages if any(r.label in TABLE_LABELS for r in p.clusters)],
        counts={
            "regions": len(labels),
            "tables": sum(label in TABLE_LABELS for label in labels),
            "pictures": labels.count("picture"),
            **_asked(pages),
        },
        page_seconds=clock.seconds,
    )
    return Chunk(encode_pages(pages), record)


def _layouts(
    context: WorkerContext, job: Job, engine: LayoutEngine, numbers: list[int], clock: PageClock
) -> Iterator[PageLayout]:
    artifacts, document, prints = context.artifacts, job.document.id, job.fingerprints
    read = dict(artifacts.pages(document, "ocr", prints["ocr"], PageOcr, numbers))
    style = document_style(context, job)
    seen: deque[tuple[LayoutView, Turn]] = deque()  # what the engine has drawn and not answered

    def views() -> Iterator[LayoutView]:
        for number, content in artifacts.pages(document, "pages", prints["pages"], PageContent, numbers):
            ocr = read.get(number)
            content = without_replaced(content, ocr)
            turn = Turn.of(content, ocr)
            render = turn.render(clock.render(number, context.renderer(job.document, number)))
            view = LayoutView(turn.content(content), turn.ocr(ocr), style, render, job.document.name)
            seen.append((view, turn))
            yield view

    for layout in engine.detect_pages(views()):
        view, turn = seen.popleft()
        layout.clusters = turned_regions(postprocess(view.page, view.ocr, layout.clusters), turn.back)
        layout.detections = turned_regions(layout.detections, turn.back)
        yield layout


def _asked(pages: Sequence[PageLayout]) -> dict[str, float]:
    """On how many pages the detector was asked, and for which doubts, where it is asked for doubts only."""
    if all(page.doubts is None for page in pages):
        return {}
    reasons = Counter(f"doubt_{doubt}" for page in pages for doubt in page.doubts or ())
    return {"detected_pages": sum(page.doubts != [] for page in pages), **reasons}
