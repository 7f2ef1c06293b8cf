"""Stage `exports`: each document in the formats asked for, and the pictures that it refers to."""

from __future__ import annotations

import msgspec
from docling_core.types.doc import DoclingDocument

from docmill.pipeline.convert.document.formats import export
from docmill.pipeline.convert.document.pictures.picture_names import ARTIFACTS
from docmill.pipeline.convert.document.pictures.referenced_pictures import with_references
from docmill.pipeline.convert.options import FORMATS
from docmill.pipeline.stages.exports import ExportsExtra, ExportsStage
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.job import Chunk, Job
from docmill.pipeline.stages.running.worker import WorkerContext
from docmill.pipeline.stages.selection import WholeDocument

__all__ = ["write_exports"]


def write_exports(context: WorkerContext, job: Job, _: WholeDocument) -> Chunk:
    """Write `document.EXTENSION` for each format, and pictures; the record says where they are.

    The document as it is lies in the store already.
    """
    stage: ExportsStage = context.engine
    formats, options = stage.formats, stage.written
    artifacts, prints = context.artifacts, job.fingerprints
    assembled = artifacts.folder(job.document.id, "documents", prints["documents"])
    made = f"{assembled}/document.json"
    folder = artifacts.folder(job.document.id, "exports", prints["exports"])
    files = {FORMATS[format_]: f"{folder}/document.{FORMATS[format_]}" for format_ in formats}
    images: dict[str, str] = {}
    referenced = options.images == "referenced"
    if "json" in formats and not referenced:
        files[FORMATS["json"]] = made
    if others := [format_ for format_ in formats if referenced or format_ != "json"]:
        document = DoclingDocument.model_validate_json(artifacts.store.read(made))
        if referenced:
            document, pictures = with_references(document)
            images = {name: f"{folder}/{ARTIFACTS}/{name}" for name in pictures}
            for name, picture in pictures.items():
                artifacts.store.write(images[name], picture)
        for format_ in others:
            artifacts.store.write(files[FORMATS[format_]], export(document, format_, options))
    upstream = artifacts.record(job.document.id, "documents", prints["documents"])
    record = StageRecord(
        stage="exports",
        document=job.document.id,
        name=job.document.name,
        pages=upstream.pages if upstream else [],
        counts={"files": len(files) + len(images)},
        extra=msgspec.to_builtins(ExportsExtra(files, images)),
    )
    return Chunk(b"", record)
