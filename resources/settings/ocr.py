"""Resource `ocr`: what reads pages without a text layer."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.engines import OcrEngine
from docmill.resources.engines.embedded import EmbeddedOcr
from docmill.resources.engines.triton import DETECTOR, RECOGNISER, TritonDoclingOcr, TritonOcr
from docmill.resources.settings.backends import EmbeddedModels, ServedModel
from docmill.resources.triton import Triton
from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["EmbeddedOcrConfig", "Ocr", "OcrOffConfig", "TritonOcrConfig"]


class EmbeddedOcrConfig(EmbeddedModels):
    """PP-OCRv6 in the worker."""

    kind: Literal["embedded"] = "embedded"

    def engine(self, triton: Triton) -> EmbeddedOcr:
        """The engine; its weights are fetched when a step has work for it."""
        return EmbeddedOcr(self.folder, self.runtime, self.threads)


class TritonOcrConfig(ServedModel):
    """OCR on a Triton server."""

    kind: Literal["triton"] = "triton"
    contract: Literal["ppocr", "docling"] = Field(
        default="ppocr",
        description="ppocr: the two networks that docmill embeds, served; docling: one model under the "
        "contract of docling's remote OCR engine",
    )
    model: str = Field(default="ocr", description="docling: the model's name on the server")
    language: str = Field(default="english", description="docling: the language named to the model")
    detector: str = Field(default=DETECTOR, description="ppocr: the name of the detecting model")
    recogniser: str = Field(default=RECOGNISER, description="ppocr: the name of the recognising model")
    models: str = Field(
        default="",
        description="ppocr: folder of the embedded weights, for the alphabet. Default: $DOCMILL_HOME/models",
    )

    def engine(self, triton: Triton) -> TritonOcr | TritonDoclingOcr:
        """The engine; the server is asked when a step has work for it."""
        server = triton.server(self.url)
        if self.contract == "docling":
            engine = TritonDoclingOcr(server, self.model, self.language, self.model_version)
            return engine.with_digests(self.digests)
        folder = Path(self.models) if self.models else default_folder()
        networks = TritonOcr(server, folder, self.detector, self.recogniser, self.model_version)
        return networks.with_digests(self.digests)


class OcrOffConfig(dg.Config):
    """No OCR: scanned pages convert without text, and the outcome says so."""

    kind: Literal["off"] = "off"

    def engine(self, triton: Triton) -> None:
        """There is none."""
        return


class Ocr(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What reads pages without a text layer."""

    backend: EmbeddedOcrConfig | TritonOcrConfig | OcrOffConfig = Field(
        default=EmbeddedOcrConfig(),
        discriminator="kind",
        description="embedded, triton or off: what reads them, and its settings",
    )

    def engine(self, triton: Triton) -> OcrEngine | None:
        """The engine; `triton` is the server for a backend that is served."""
        return self.backend.engine(triton)
