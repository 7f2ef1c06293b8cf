"""What a worker process holds: the store, the open document, the loaded engine.

Imported once in the fork server, with all that the stages need, and shared by the workers forked from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docmill.pipeline.convert.engines import Render
from docmill.pipeline.convert.metered import Counted
from docmill.pipeline.convert.pdf.pdf import Pdf, PdfLimits
from docmill.pipeline.convert.types import Box
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.resources.clients.files.sources import SourceCache

__all__ = ["ReaderSettings", "WorkerContext", "make_context"]


@dataclass(frozen=True)
class ReaderSettings:
    """How PDFs are opened."""

    password: str | None = None
    limits: PdfLimits = field(default_factory=PdfLimits)


@dataclass
class WorkerContext:
    """One per worker process; PDFium is not thread-safe, and a worker uses it from one thread."""

    artifacts: ArtifactStore
    sources: SourceCache
    reader: ReaderSettings
    engine: Any
    _open: tuple[str, Pdf] | None = None

    def pdf(self, document: DocumentRef) -> Pdf:
        """The document, opened; kept open until another one is asked for."""
        if self._open and self._open[0] == document.id:
            return self._open[1]
        if self._open:
            self._open[1].close()
            self._open = None
        path = self.sources.local_path(document.source, document.id)
        pdf = Pdf.open(path, password=self.reader.password, limits=self.reader.limits)
        self._open = (document.id, pdf)
        return pdf

    def renderer(self, document: DocumentRef, page: int) -> Render:
        """Draws boxes of one page."""

        def render(scale: float, box: Box | None) -> Any:
            return self.pdf(document).render(page, scale, box=box)

        return render


def make_context(
    artifacts: ArtifactStore,
    sources: SourceCache,
    reader: ReaderSettings,
    engine: Any,
    counts: Path | None = None,
) -> WorkerContext:
    """Called once in each new worker; an engine on a server keeps `counts` of its requests in that folder."""
    if counts and isinstance(engine, Counted):
        engine.count_in(counts)
    return WorkerContext(artifacts, sources, reader, engine)
