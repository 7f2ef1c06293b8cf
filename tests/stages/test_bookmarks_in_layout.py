"""The stage `layout` tells its engine what the bookmarks of the document are."""

from __future__ import annotations

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from benchmarks.conformance.making import Quiet
from docmill.pipeline.convert.types import PageLayout
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.registry import stages_with
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.spec import TimeLimits
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import SourceCache, content_hash
from docmill.resources.engines.embedded import EmbeddedLayout, EmbeddedOcr, EmbeddedTables
from tests.support.model_cache import weights

TITLE = "How tides are told"


def test_a_line_that_a_bookmark_names_is_a_section_header(tmp_path: Path) -> None:
    pdf = tmp_path / "tides.pdf"
    canvas = Canvas(str(pdf), pagesize=(400, 400))
    lines = ["The harbour was measured every hour for a year, and so was the quay.", TITLE, "The two agree."]
    for number, line in enumerate(lines):
        canvas.drawString(30, 350 - 14 * number, line)
    canvas.bookmarkPage("tides")
    canvas.addOutlineEntry(TITLE, "tides")
    canvas.save()
    models = weights("layout").parent
    conversion = Conversion(
        artifacts=ArtifactStore(DocumentStore(str(tmp_path / "store"))),
        sources=SourceCache(tmp_path / "sources"),
        reader=ReaderSettings(),
        all_stages=stages_with(
            layout=EmbeddedLayout(models),
            tables=EmbeddedTables(models),
            ocr=EmbeddedOcr(models),
            formats=("md",),
        ),
        workers=WorkerLimits(workers=1),
        limits=TimeLimits(),
    )
    document = DocumentRef(content_hash(pdf), pdf.name, str(pdf), pdf.stat().st_size)
    for stage in ("pages", "ocr", "layout"):
        conversion.run(stage, [document], Quiet())
    pages = conversion.artifacts.pages(document.id, "layout", conversion.fingerprints["layout"], PageLayout)
    assert "section_header" in {region.label for _, page in pages for region in page.clusters}
