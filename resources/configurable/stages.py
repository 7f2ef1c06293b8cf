"""What each stage that looks at pages is done with."""

from __future__ import annotations

from typing import Literal

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.pdf.page_range import check_page_range
from docmill.pipeline.convert.pdf.pdf import PdfLimits
from docmill.resources.configurable.embedded import (
    EmbeddedLayoutConfig,
    EmbeddedOcrConfig,
    EmbeddedTablesConfig,
)
from docmill.resources.configurable.recorded import (
    RecordedLayoutConfig,
    RecordedTablesConfig,
    RecordedTextConfig,
)
from docmill.resources.configurable.triton import TritonLayoutConfig, TritonOcrConfig, TritonTablesConfig

__all__ = ["Layout", "Ocr", "OcrOffConfig", "PdfTextConfig", "Reader", "Tables"]


class PdfTextConfig(dg.Config):
    """The PDF's own text, read by PDFium."""

    kind: Literal["pdfium"] = "pdfium"

    def engine(self) -> None:
        """There is none: the reader does it."""
        return


class Reader(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How PDFs are opened."""

    password: str = Field(default="", description="Opens encrypted files. Use an environment variable.")
    pages: str = Field(default="", description="Pages to convert, e.g. 1-3,7,10-. Default: all")
    max_pages: int = Field(default=10_000, gt=0, description="Longer documents are quarantined")
    max_bytes: int = Field(default=1 << 30, gt=0, description="Bigger files are quarantined")
    max_page_pixels: int = Field(
        default=50_000_000, gt=0, description="Bigger pages are rendered at a lower resolution"
    )

    text: PdfTextConfig | RecordedTextConfig = Field(
        default=PdfTextConfig(), discriminator="kind", description="Where the text of pages comes from"
    )
    legacy_text: bool = Field(
        default=False,
        description="Spaces and quotation marks as docling before 2.131 wrote them",
    )

    def limits(self) -> PdfLimits:
        """The limits; raises `BackendConfigError` when the page range cannot be understood."""
        if self.pages:
            check_page_range(self.pages)
        return PdfLimits(
            max_bytes=self.max_bytes, max_pages=self.max_pages, max_page_pixels=self.max_page_pixels
        )


class OcrOffConfig(dg.Config):
    """No OCR: scanned pages convert without text, and the outcome says so."""

    kind: Literal["off"] = "off"

    def engine(self) -> None:
        """There is none."""
        return


class Ocr(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What reads pages without a text layer."""

    backend: EmbeddedOcrConfig | TritonOcrConfig | OcrOffConfig = Field(
        default=EmbeddedOcrConfig(), discriminator="kind"
    )


class Layout(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What finds the layout regions."""

    backend: EmbeddedLayoutConfig | TritonLayoutConfig | RecordedLayoutConfig = Field(
        default=EmbeddedLayoutConfig(), discriminator="kind"
    )


class Tables(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What finds the structure of tables."""

    backend: EmbeddedTablesConfig | TritonTablesConfig | RecordedTablesConfig = Field(
        default=EmbeddedTablesConfig(), discriminator="kind"
    )
