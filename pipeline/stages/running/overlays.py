"""Draws a page with its regions; no stage of its own, but the same workers do it."""

from __future__ import annotations

from docmill.pipeline.convert.layout.overlay import overlay_jpeg
from docmill.pipeline.convert.types import PageLayout
from docmill.pipeline.stages.running.job import Job
from docmill.pipeline.stages.running.worker import WorkerContext

__all__ = ["draw_overlay"]


def draw_overlay(context: WorkerContext, job: Job, page: int, max_side: int) -> bytes:
    """The page at 72 dpi, or less if it had more than `max_side` pixels, with its layout regions, as JPEG."""
    found = context.artifacts.pages(job.document.id, "layout", job.fingerprints["layout"], PageLayout, [page])
    regions = [region for _, layout in found for region in layout.clusters]
    width, height = context.pdf(job.document).page_size(page)
    image = context.pdf(job.document).render(page, min(1.0, max_side / max(width, height)))
    return overlay_jpeg(image, regions, image.shape[1] / width)
