"""Documents made of recorded model outputs, by the stages that every conversion runs."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from docling_core.types.doc import DoclingDocument

from benchmarks.conformance.cases import Case
from benchmarks.recorded.engines import RecordedLayout, RecordedTables, RecordedText
from benchmarks.recorded.legacy_text import LegacyText
from docmill.pipeline.convert.engines import PageReader
from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.registry import stages_with
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.spec import TimeLimits
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, content_hash

__all__ = ["Made", "Quiet", "TableSource", "TextSource", "make_documents", "run_stages"]

TextSource = Literal["recorded", "pdfium"]
TableSource = Literal["recorded", "rematch"]

_CORES = os.cpu_count() or 1


class Made(msgspec.Struct, frozen=True):
    """A document, or why there is none."""

    document: DoclingDocument | None
    failure: str | None = None


class Quiet:
    """Progress that nobody is told of."""

    def begin(self, stage: str, documents: int) -> None:
        """Nobody is told."""

    def pages(self, count: int) -> None:
        """Nobody is told."""

    def document(self, record: StageRecord) -> None:
        """Nobody is told."""

    def end(self) -> None:
        """Nobody is told."""


def make_documents(
    cases: Sequence[Case], *, text: TextSource, tables: TableSource, work: Path, jobs: int = _CORES
) -> dict[str, Made]:
    """The document of each case by its name; `work` is an empty folder for what is made on the way.

    Cases that differ only in their PDF are one batch. Documents are flat, as docling makes them, and OCR is
    off: the recordings have what docling's OCR read.
    """
    ids = {case.pdf: content_hash(case.pdf) for case in cases}
    copies: Counter[tuple[str, str, str]] = Counter()
    batches: defaultdict[tuple[str, str, bool, int], list[Case]] = defaultdict(list)
    for case in cases:
        # the same bytes are done once in a batch, but a file under another name has a recording of its own
        same = (case.predictions, case.pages, ids[case.pdf])
        batches[case.predictions, case.pages, case.legacy_text, copies[same]].append(case)
        copies[same] += 1
    made: dict[str, Made] = {}
    for number, batch in enumerate(batches.values()):
        made |= _make(batch, ids, text, tables, work / str(number), jobs)
    return made


def run_stages(conversion: Conversion, documents: Sequence[DocumentRef]) -> None:
    """Run all stages up to the document, quietly."""
    for stage in conversion.stages:
        if stage != "exports":
            conversion.run(stage, documents, Quiet())


def _make(
    cases: Sequence[Case],
    ids: dict[Path, str],
    text: TextSource,
    tables: TableSource,
    work: Path,
    jobs: int,
) -> dict[str, Made]:
    first = cases[0]
    kit = first.pdf.parent
    conversion = Conversion(
        artifacts=ArtifactStore(DocumentStore(str(work / "store"))),
        sources=SourceCache(work / "sources"),
        reader=ReaderSettings(),
        all_stages=stages_with(
            pages=first.pages,
            reader=_reader(first, text),
            layout=RecordedLayout(kit, first.predictions),
            tables=RecordedTables(
                kit, first.predictions, match="words" if tables == "rematch" else "recorded"
            ),
            assembly=AssemblyOptions(hierarchy=False, joining=False),
        ),
        workers=WorkerLimits(workers=min(jobs, len(cases))),
        limits=TimeLimits(),
    )
    documents = {
        case.name: DocumentRef(ids[case.pdf], case.pdf.name, str(case.pdf), case.pdf.stat().st_size)
        for case in cases
    }
    run_stages(conversion, list(documents.values()))
    return {name: _made(conversion, document) for name, document in documents.items()}


def _reader(case: Case, text: TextSource) -> PageReader | None:
    written = LegacyText() if case.legacy_text else None
    return RecordedText(case.pdf.parent, case.cells, reader=written) if text == "recorded" else written


def _made(conversion: Conversion, document: DocumentRef) -> Made:
    record = conversion.final_records([document])[0]
    if not record.usable:
        return Made(None, f"{record.reason}: {record.message}")
    folder = conversion.artifacts.folder(document.id, "documents", conversion.fingerprints["documents"])
    data = conversion.artifacts.store.read(f"{folder}/document.json")
    issues = "; ".join(f"page {issue.page}: {issue.message}" for issue in record.issues)
    return Made(DoclingDocument.model_validate_json(data), issues or None)
