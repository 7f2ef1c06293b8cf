"""What the pages of a document have in common, as the stage `pages` found it."""

from __future__ import annotations

import msgspec

from docmill.pipeline.convert.layout.bookmarks import titles_by_page
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.stages.pages import PagesExtra
from docmill.pipeline.stages.running.job import Job
from docmill.pipeline.stages.running.worker import WorkerContext

__all__ = ["document_style"]


def document_style(context: WorkerContext, job: Job) -> DocumentStyle | None:
    """The style of a job's document; None where nothing was found."""
    record = context.artifacts.record(job.document.id, "pages", job.fingerprints["pages"])
    extra = record.extra_as(PagesExtra) if record else PagesExtra()
    if not extra.style:
        return None
    style = msgspec.convert(extra.style, DocumentStyle, str_keys=True)
    return msgspec.structs.replace(style, bookmarks=titles_by_page(extra.outline))
