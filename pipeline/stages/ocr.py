"""Stage `ocr`: text of the pages and bitmaps that have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from docmill.pipeline.convert.types import PageOcr
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.selection import Pages, Selection
from docmill.pipeline.stages.shared_options import TRITON_URL
from docmill.pipeline.stages.spec import ModelStage, StageOption, backend_config

if TYPE_CHECKING:
    from docmill.pipeline.convert.engines import OcrEngine
    from docmill.resources.settings.ocr import Ocr

__all__ = ["OcrStage"]


@dataclass(frozen=True)
class OcrStage(ModelStage):
    """Reads the text of scanned pages and bitmaps only; most born-digital documents have none."""

    #: None: OCR is off.
    engine: OcrEngine | None = None
    spare: OcrEngine | None = None

    name = "ocr"
    version = 3
    needs = ("pages",)
    work = "docmill.pipeline.stages.work.ocr:read_scans"
    resources: ClassVar[Mapping[str, str]] = {
        "ocr": "docmill.resources.settings.ocr:Ocr",
        "triton": "docmill.resources.triton:Triton",
    }
    options = (
        StageOption(
            "--ocr",
            "embedded",
            "OCR of pages without text: embedded, triton, triton:docling or off.",
            lambda chosen: {"ocr": backend_config(chosen)},
            choices=("embedded", "triton", "triton:docling", "off"),
        ),
        StageOption(
            "--force-ocr",
            False,
            "OCR every page, and take nothing of the text layers that pages have.",
            lambda chosen: {"ocr": {"force": chosen}},
        ),
        StageOption(
            "--ocr-lang",
            "",
            "Language of the text, for --ocr triton:docling. The others read Latin, Chinese and Japanese "
            "script without being told, and no other.",
            lambda chosen: {"ocr": {"language": chosen}},
            metavar="LANGUAGE",
        ),
        TRITON_URL,
    )

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """With the backend that is set."""
        ocr: Ocr = resources["ocr"]
        triton = resources["triton"]
        return cls(ocr.engine(triton), ocr.spare(triton))

    @property
    def kinds(self) -> frozenset[str]:
        """ONNX, unless OCR is off."""
        return frozenset({"onnx"}) if self.engine else frozenset()

    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        """Each scanned page by itself: OCR costs seconds a page."""
        return [Pages((page,)) for page in records["pages"].flagged]

    def failed_page(self, number: int, message: str) -> PageOcr:
        """No text."""
        return PageOcr(number=number, error=message)
