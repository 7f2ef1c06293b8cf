"""Batches with a long document, converted by docmill's definitions with stages that are divided, or not."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from docmill.pipeline.convert.options import Format
from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.intake.batches import BatchLimits, Manifest
from docmill.pipeline.intake.ingest import find_documents, make_batches
from docmill.pipeline.stages.results.frames import read_index
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.settings.exports import Exports
from docmill.resources.settings.workers import Workers
from docmill.resources.store import Store

__all__ = [
    "BY_PAGES",
    "artifacts_of",
    "definitions",
    "long_pdf",
    "made_batch",
    "run_batch",
    "spent",
    "stored",
]

#: The stages that are divided.
BY_PAGES = ("pages", "ocr", "layout", "tables")
#: Differ from run to run.
_MEASURED = ("seconds", "cpu_seconds", "page_seconds", "device_seconds")


def long_pdf(pages: int) -> bytes:
    """A report of so many pages, a ruled table on every tenth: milliseconds a page."""
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=A4, invariant=True)
    for page in range(1, pages + 1):
        canvas.setFont("Helvetica-Bold", 14)
        canvas.drawString(72, 770, f"Section {page}")
        canvas.setFont("Helvetica", 10)
        for line in range(12):
            canvas.drawString(72, 740 - 14 * line, f"Page {page} has this as its line {line + 1} of twelve.")
        if page % 10 == 0:
            for row in range(4):
                canvas.line(72, 500 - 20 * row, 372, 500 - 20 * row)
                for column in range(3):
                    if row < 3:
                        canvas.drawString(78 + 100 * column, 486 - 20 * row, f"{page}.{row}.{column}")
            for column in range(4):
                canvas.line(72 + 100 * column, 500, 72 + 100 * column, 440)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def made_batch(folder: Path, files: Mapping[str, bytes]) -> Manifest:
    """One batch of these files; its store is `folder/store`."""
    inbox = folder / "in"
    inbox.mkdir(parents=True)
    for name, data in files.items():
        (inbox / name).write_bytes(data)
    store = Store(url=str(folder / "store"))
    [manifest] = make_batches(
        store.open(), list(find_documents([str(inbox)], store.sources())), BatchLimits()
    )
    return manifest


def definitions(
    store: str, most: int, executor: dg.ExecutorDefinition | None = None, **others: Any
) -> dg.Definitions:
    """docmill's with two workers a step, and without sensors; with other resources too."""
    resources = {
        "store": Store(url=store),
        "workers": Workers(count=2),
        "exports": Exports(formats=[Format.md, Format.json]),
        **others,
    }
    return docmill_definitions(resources=resources, pages_per_pod=most, executor=executor, automation=False)


def run_batch(folder: Path, manifest: Manifest, most: int) -> tuple[bool, list[dg.DagsterEvent]]:
    """Convert the batch in this process; whether that went well, and the events."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("batches", [manifest.key])
        job = definitions(str(folder / "store"), most).resolve_job_def("convert_documents")
        result = job.execute_in_process(partition_key=manifest.key, instance=instance, raise_on_error=False)
        return result.success, list(result.all_events)


def stored(folder: Path) -> DocumentStore:
    """The store of `made_batch` and `run_batch`."""
    return DocumentStore(str(folder / "store"))


def artifacts_of(store: DocumentStore) -> dict[str, Any]:
    """Everything of the documents in it: bytes of files; of artifacts also what their records say.

    Without what was measured, and where the files lay.
    """
    found: dict[str, Any] = {}
    for path in sorted(store.list("documents")):
        data = store.read(path)
        name = path.removeprefix("documents/")
        if path.endswith("/metadata.json"):
            said = json.loads(data)
            found[name] = {key: value for key, value in said.items() if key not in (*_MEASURED, "source")}
            continue
        if not name.endswith(".json.zst"):
            found[name] = data
            continue
        index = read_index(lambda length, data=data: data[-length:])  # type: ignore[misc]
        meta = {key: value for key, value in index.meta.items() if key not in _MEASURED}
        frames = [(frame.pages, data[frame.start : frame.stop]) for frame in index.frames]
        found[name] = (frames, meta)
    return found


def spent(events: list[dg.DagsterEvent], stage: str) -> dict[str, float]:
    """The numbers of a stage's materialization."""
    [made] = [
        event.step_materialization_data.materialization
        for event in events
        if event.is_step_materialization and event.asset_key == dg.AssetKey([stage])
    ]
    return {
        key: value.value
        for key, value in made.metadata.items()
        if isinstance(value, dg.FloatMetadataValue) and value.value is not None
    }
