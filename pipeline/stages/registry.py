"""The stages of docmill, in order. A further one is a module beside these and a line in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from docmill.pipeline.convert.options import AssemblyOptions
from docmill.pipeline.stages.documents import DocumentsStage
from docmill.pipeline.stages.exports import ExportsStage
from docmill.pipeline.stages.layout import LayoutStage
from docmill.pipeline.stages.ocr import OcrStage
from docmill.pipeline.stages.pages import PagesStage
from docmill.pipeline.stages.spec import Stage
from docmill.pipeline.stages.tables import TablesStage
from docmill.pipeline.stages.understanding import UnderstandingStage

if TYPE_CHECKING:
    from docmill.pipeline.convert.engines import LayoutEngine, OcrEngine, PageReader, TableEngine
    from docmill.resources.clients.vllm.engine import VlmEngine

__all__ = ["STAGES", "stages_with"]

STAGES: tuple[type[Stage], ...] = (
    PagesStage,
    OcrStage,
    LayoutStage,
    TablesStage,
    UnderstandingStage,
    DocumentsStage,
    ExportsStage,
)


def stages_with(
    *,
    layout: LayoutEngine,
    tables: TableEngine,
    ocr: OcrEngine | None = None,
    understanding: VlmEngine | None = None,
    assembly: AssemblyOptions | None = None,
    formats: Sequence[str] = (),
    pages: str = "",
    reader: PageReader | None = None,
) -> list[Stage]:
    """docmill's stages with these engines and options, for who converts without Dagster."""
    return [
        PagesStage(pages, reader),
        OcrStage(ocr),
        LayoutStage(layout),
        TablesStage(tables),
        UnderstandingStage(understanding),
        DocumentsStage(assembly or AssemblyOptions()),
        ExportsStage(tuple(formats)),
    ]
