"""Stage `documents`: docling's page assembly and reading order make one DoclingDocument of all pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from docling_core.types.doc import DoclingDocument

from docmill.pipeline.convert.document.assemble import add_pictures, assemble, document_json
from docmill.pipeline.convert.document.conservation import PageBalance, PageCount, balance
from docmill.pipeline.convert.document.docling_stages import PageParts
from docmill.pipeline.convert.errors import TextLostError
from docmill.pipeline.convert.replaced_text import without_replaced
from docmill.pipeline.convert.types import (
    PageContent,
    PageLayout,
    PageOcr,
    PageTables,
    PageUnderstanding,
)
from docmill.pipeline.convert.understanding.provenance import made_by
from docmill.pipeline.stages.documents import AssemblyEngine, DocumentsExtra, DocumentsStage, text_counts
from docmill.pipeline.stages.pages import PagesExtra
from docmill.pipeline.stages.results.records import PageIssue, StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.worker import WorkerContext
from docmill.pipeline.stages.selection import WholeDocument

__all__ = ["make_document"]

#: A document may lack so much of its letters and digits, and so few, before that is an issue.
_LOST_SHARE = 0.01
_FEW = 10


def make_document(context: WorkerContext, job: Job, _: WholeDocument) -> Chunk:
    """Assemble the document and write `document.json` and `metadata.json` beside its record."""
    engine: AssemblyEngine = context.engine
    records = {
        stage: _record(context, job, stage) for stage in DocumentsStage.needs if stage in job.fingerprints
    }
    outline = records["pages"].extra_as(PagesExtra).outline
    counts: dict[int, PageCount] = {}
    parts = _counted(_page_parts(context, job), counts)
    document = assemble(job.document.name, job.document.id, parts, outline, engine.options)
    text = balance(counts, document)
    if engine.options.pictures:
        pdf = context.pdf(job.document)
        add_pictures(document, lambda page, scale, box: pdf.render(page, scale, box=box))
    folder = context.artifacts.folder(job.document.id, "documents", job.fingerprints["documents"])
    context.artifacts.store.write(f"{folder}/document.json", document_json(document))
    metadata = msgspec.json.encode(
        _metadata(job, records, engine) | {"text": text} | _authors(context, job, document)
    )
    context.artifacts.store.write(f"{folder}/metadata.json", msgspec.json.format(metadata))
    record = StageRecord(
        stage="documents",
        document=job.document.id,
        name=job.document.name,
        pages=sorted(document.pages),
        issues=list(_lost(text)),
        counts={
            "pages": len(document.pages),
            "texts": len(document.texts),
            "tables": len(document.tables),
            "pictures": len(document.pictures),
            **text_counts(text),
        },
        extra=msgspec.to_builtins(DocumentsExtra(sorted({*records["pages"].pages} - {*document.pages}))),
    )
    return Chunk(b"", record)


def _counted(parts: Iterable[PageParts], counts: dict[int, PageCount]) -> Iterator[PageParts]:
    """The pages as they are, each counted; not those that a model's answer makes."""
    for page in parts:
        if not (page.understood and page.understood.text):
            counts[page.content.number] = PageCount.of(page)
        yield page


def _lost(text: Sequence[PageBalance]) -> Iterator[PageIssue]:
    """The pages that lack text, when the document lacks more than a little."""
    lost, read = sum(page.lost for page in text), sum(page.read for page in text)
    if lost < _FEW or lost <= _LOST_SHARE * read:
        return
    for page in text:
        if page.lost > _LOST_SHARE * page.read:
            message = f"{page.lost} of its {page.read} letters and digits are not in the document"
            yield PageIssue(page.page, "documents", TextLostError.reason, message)


def _page_parts(context: WorkerContext, job: Job) -> Iterator[PageParts]:
    """Pages in order; those that a stage had no work on, or could not read, count as empty there."""
    artifacts, document, prints = context.artifacts, job.document.id, job.fingerprints
    layouts = artifacts.pages(document, "layout", prints["layout"], PageLayout)
    tables = artifacts.pages(document, "tables", prints["tables"], PageTables)
    scans = artifacts.pages(document, "ocr", prints["ocr"], PageOcr)
    answers = _understood(context, job)
    layout, table, scan = next(layouts, None), next(tables, None), next(scans, None)
    for number, content in artifacts.pages(document, "pages", prints["pages"], PageContent):
        ocr = scan[1] if scan and scan[0] == number else None
        parts = PageParts(
            content=without_replaced(content, ocr),
            ocr=ocr,
            layout=layout[1] if layout and layout[0] == number else PageLayout(number=number),
            tables=table[1] if table and table[0] == number else PageTables(number=number),
            understood=answers.get(number),
        )
        layout = next(layouts, None) if layout and layout[0] == number else layout
        table = next(tables, None) if table and table[0] == number else table
        scan = next(scans, None) if scan and scan[0] == number else scan
        yield parts


def _understood(context: WorkerContext, job: Job) -> dict[int, PageUnderstanding]:
    """What a vision-language model said of pages, if one was asked."""
    if "understanding" not in job.fingerprints:
        return {}
    print_ = job.fingerprints["understanding"]
    return dict(context.artifacts.pages(job.document.id, "understanding", print_, PageUnderstanding))


def _authors(context: WorkerContext, job: Job, document: DoclingDocument) -> dict[str, Any]:
    """Which model made each item, in documents that several may have made."""
    models = {number: page.model for number, page in _understood(context, job).items() if page.model}
    asked = "understanding" in job.fingerprints
    return {"made_by": made_by(document, models, "layout")} if asked else {}


def _record(context: WorkerContext, job: Job, stage: str) -> StageRecord:
    record = context.artifacts.record(job.document.id, stage, job.fingerprints[stage])
    if record is None:
        raise FileNotFoundError(f"the stage {stage} has no finished artifact of {job.document.name}")
    return record


def _metadata(job: Job, records: Mapping[str, StageRecord], engine: AssemblyEngine) -> dict[str, Any]:
    """Where the document came from and exactly what made it."""
    pages = records["pages"]
    return {
        "document": job.document.id,
        "name": job.document.name,
        "source": job.document.source,
        "bytes": job.document.size,
        "page_count": pages.page_count,
        "pages": pages.pages,
        "pdf": pages.extra_as(PagesExtra).info,
        "made_with": engine.versions,
        "engines": engine.identities,
        "fingerprints": dict(job.fingerprints),
        "seconds": {stage: round(record.seconds, 3) for stage, record in records.items()},
        "device_seconds": {
            stage: record.device_seconds for stage, record in records.items() if record.device_seconds
        },
        "issues": [issue for record in records.values() for issue in record.issues],
    }
