"""Resource `ocr`: what reads pages without a text layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.engines import OcrEngine
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.ocr.languages import has_script
from docmill.resources.engines.embedded import EmbeddedOcr
from docmill.resources.settings.backends import EmbeddedModels, ServedModel, falls_back
from docmill.resources.triton import Triton
from docmill.resources.weights.embedded_weights import default_folder

if TYPE_CHECKING:
    from docmill.resources.engines.triton import TritonDoclingOcr, TritonOcr

__all__ = ["EmbeddedOcrConfig", "Ocr", "OcrOffConfig", "TritonOcrConfig"]


#: A letter of each script besides Latin that PP-OCRv6 reads.
_SCRIPTS = ("語", "汉", "漢")


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
    detector: str = Field(default="ocr_detect", description="ppocr: the name of the detecting model")
    recogniser: str = Field(default="ocr_recognise", description="ppocr: the name of the recognising model")
    models: str = Field(
        default="",
        description="ppocr: folder of the embedded weights, for the alphabet. Default: $DOCMILL_HOME/models",
    )

    def engine(self, triton: Triton) -> TritonOcr | TritonDoclingOcr:
        """The engine; the server is asked when a step has work for it."""
        from docmill.resources.engines.triton import TritonDoclingOcr, TritonOcr

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
    force: bool = Field(
        default=False,
        description="Read every page, and take nothing of the text layers that pages have",
    )
    language: str = Field(
        default="",
        description="Language of the text. A model under docling's contract is told; PP-OCR reads Latin, "
        "Chinese and Japanese script anyway, and another one is an error",
    )

    @property
    def forced(self) -> bool:
        """Whether pages are taken for scans. Raises `BackendConfigError` where there is no OCR."""
        if self.force and isinstance(self.backend, OcrOffConfig):
            raise BackendConfigError("OCR cannot be both forced and off: --force-ocr, --ocr off")
        return self.force

    def engine(self, triton: Triton) -> OcrEngine | None:
        """The engine; `triton` is the server for a backend that is served.

        Raises `BackendConfigError` for a language that it cannot read, or be told of.
        """
        backend = self.backend
        if self.language and isinstance(backend, TritonOcrConfig) and backend.contract == "docling":
            return backend.model_copy(update={"language": self.language}).engine(triton)
        strange = [name.strip() for name in self.language.split(",") if not has_script(name, _SCRIPTS)]
        if strange:
            raise BackendConfigError(
                f"PP-OCR cannot read {', '.join(strange)}: it knows Latin, Chinese and Japanese script. A "
                "model on a Triton server may: --ocr triton:docling --ocr-lang LANGUAGE"
            )
        return backend.engine(triton)

    def spare(self, triton: Triton) -> OcrEngine | None:
        """What does it while the server is away, if anything.

        A model under docling's contract may read scripts that the embedded one cannot: nothing stands for it.
        """
        other = isinstance(self.backend, TritonOcrConfig) and self.backend.contract == "docling"
        return EmbeddedOcrConfig().engine(triton) if falls_back(self.backend, triton) and not other else None
