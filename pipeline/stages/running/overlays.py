"""Draws pages, with their regions or without; no stage of its own, but the same workers do it."""

from __future__ import annotations

from docmill.pipeline.convert.layout.overlay import overlay_jpeg, page_webp
from docmill.pipeline.convert.types import PageLayout
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.running.job import Job
from docmill.pipeline.stages.running.worker import WorkerContext

__all__ = ["draw_overlay", "draw_page"]

#: Pixels of a page's longer side: small print can be read.
_SIDE = 1400


def draw_overlay(context: WorkerContext, job: Job, page: int, max_side: int) -> bytes:
    """The page at 72 dpi, or less if it had more than `max_side` pixels, with its layout regions, as JPEG."""
    found = context.artifacts.pages(job.document.id, "layout", job.fingerprints["layout"], PageLayout, [page])
    regions = [region for _, layout in found for region in layout.clusters]
    width, height = context.pdf(job.document).page_size(page)
    image = context.pdf(job.document).render(page, min(1.0, max_side / max(width, height)))
    return overlay_jpeg(image, regions, image.shape[1] / width)


def draw_page(context: WorkerContext, document: DocumentRef, page: int) -> bytes:
    """The page as it is, as WebP."""
    pdf = context.pdf(document)
    return page_webp(pdf.render(page, _SIDE / max(pdf.page_size(page))))
