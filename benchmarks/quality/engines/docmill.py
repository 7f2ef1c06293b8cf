"""docmill with its embedded models: the stages that every conversion runs, OCR included, without Dagster."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from docling_core.types.doc import DoclingDocument

from benchmarks.conformance.making import Quiet
from benchmarks.quality.engines.detections import KeptDetections
from benchmarks.quality.engines.output import Output
from benchmarks.quality.grid import grids_of
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
from docmill.resources.engines.embedded import EmbeddedLayout, EmbeddedOcr, EmbeddedTables
from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["Docmill"]


@dataclass(frozen=True)
class Docmill:
    """`jobs` worker processes, `timeout_s` for up to 8 pages; a folder for the layout model's answers."""

    jobs: int = 1
    timeout_s: float = TimeLimits().task_s
    detections: Path | None = None
    #: So many pages of each document are drawn.
    drawn: int = 0

    @property
    def version(self) -> str:
        """That of the package."""
        return metadata.version("docmill")

    def convert(self, pdfs: Mapping[str, Path]) -> dict[str, Output]:
        """Convert from scratch, in a store that is thrown away. Tables are those of the DoclingDocument."""
        with tempfile.TemporaryDirectory(prefix="quality-") as work:
            conversion = self._conversion(Path(work))
            conversion.prepare()
            documents = {
                name: DocumentRef(content_hash(pdf), pdf.name, str(pdf.resolve()), pdf.stat().st_size)
                for name, pdf in pdfs.items()
            }
            batch = list({document.id: document for document in documents.values()}.values())
            for stage in conversion.stages:
                conversion.run(stage, batch, Quiet())
            ends = dict(
                zip((document.id for document in batch), conversion.final_records(batch), strict=True)
            )
            return {
                name: self._output(conversion, document, ends[document.id])
                for name, document in documents.items()
            }

    def _conversion(self, work: Path) -> Conversion:
        models = default_folder()
        kept = self.detections
        return Conversion(
            artifacts=ArtifactStore(DocumentStore(str(work / "store"))),
            sources=SourceCache(work / "sources"),
            reader=ReaderSettings(),
            all_stages=stages_with(
                layout=KeptDetections(models, kept=kept) if kept else EmbeddedLayout(models),
                tables=EmbeddedTables(models),
                ocr=EmbeddedOcr(models),
                formats=("md",),
            ),
            workers=WorkerLimits(workers=self.jobs),
            limits=TimeLimits(self.timeout_s),
        )

    def _output(self, conversion: Conversion, document: DocumentRef, end: StageRecord) -> Output:
        if not end.usable:
            return Output(failure=f"{end.status}: {end.reason}: {end.message}")
        prints, artifacts = conversion.fingerprints, conversion.artifacts
        made = artifacts.folder(document.id, "documents", prints["documents"])
        written = artifacts.folder(document.id, "exports", prints["exports"])
        data = artifacts.store.read(f"{made}/document.json")
        issues = "; ".join(f"page {issue.page}: {issue.message}" for issue in end.issues)
        pages = [(document, page) for page in end.pages[: self.drawn]]
        return Output(
            artifacts.store.read(f"{written}/document.md").decode(),
            grids_of(DoclingDocument.model_validate_json(data)),
            issues or None,
            tuple(image for _, _, image in conversion.overlays(pages)) if pages else (),
        )
