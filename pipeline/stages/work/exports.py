"""Stage `exports`: each document in the formats asked for."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from docling_core.types.doc import DoclingDocument

from docmill.pipeline.convert.document.formats import export
from docmill.pipeline.convert.options import FORMATS
from docmill.pipeline.stages.exports import ExportsExtra
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.worker import WorkerContext
from docmill.pipeline.stages.selection import WholeDocument

__all__ = ["write_exports"]


def write_exports(context: WorkerContext, job: Job, _: WholeDocument) -> Chunk:
    """Write `document.EXTENSION` for each format; the record says where they are."""
    formats: Sequence[str] = context.engine
    artifacts, prints = context.artifacts, job.fingerprints
    made = artifacts.folder(job.document.id, "documents", prints["documents"])
    folder = artifacts.folder(job.document.id, "exports", prints["exports"])
    data = artifacts.store.read(f"{made}/document.json")
    files = {FORMATS[format_]: f"{folder}/document.{FORMATS[format_]}" for format_ in formats}
    if "json" in formats:  # the document as it is
        artifacts.store.write(files[FORMATS["json"]], data)
    if others := [format_ for format_ in formats if format_ != "json"]:
        document = DoclingDocument.model_validate_json(data)
        for format_ in others:
            artifacts.store.write(files[FORMATS[format_]], export(document, format_))
    upstream = artifacts.record(job.document.id, "documents", prints["documents"])
    record = StageRecord(
        stage="exports",
        document=job.document.id,
        name=job.document.name,
        pages=upstream.pages if upstream else [],
        counts={"files": len(files)},
        extra=msgspec.to_builtins(ExportsExtra(files)),
    )
    return Chunk(b"", record)
