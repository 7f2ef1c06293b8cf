"""The backends on a Triton server."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field

from docmill.resources.clients.triton import TritonServer
from docmill.resources.engines.triton import (
    DETECTOR,
    RECOGNISER,
    TritonCdlaLayout,
    TritonDoclingOcr,
    TritonLayout,
    TritonOcr,
    TritonSlanetTables,
    TritonTables,
)
from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["TritonLayoutConfig", "TritonOcrConfig", "TritonTablesConfig"]


class _Triton(dg.Config):
    """Shared by the backends on a Triton server."""

    url: str = Field(default="localhost:8001", description="host:port of the server's gRPC service")
    model_version: str = Field(
        default="", description="Version to ask for; results are kept by it. Default: the server's choice"
    )
    deadline_s: float = Field(
        default=60.0, gt=0, description="Seconds for one request, its wait in the server's queue included"
    )
    retries: int = Field(
        default=10, ge=0, description="Further attempts while the server is unavailable, overloaded or late"
    )
    patience_s: float = Field(
        default=45.0, gt=0, description="Seconds after which a silent server is given up and the step fails"
    )
    in_flight: int = Field(default=8, ge=1, description="Requests of one worker under way at once")
    shared_memory: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Inputs through system shared memory. auto: with a server at a loopback address that "
        "takes it",
    )
    recover: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Load a model anew when its process on the server has died. auto: at loopback addresses",
    )

    def server(self) -> TritonServer:
        """Where the server is; raises `BackendConfigError` for a malformed address."""
        return TritonServer(
            url=self.url,
            deadline_s=self.deadline_s,
            retries=self.retries,
            patience_s=self.patience_s,
            in_flight=self.in_flight,
            shared_memory=self.shared_memory,
            recover=self.recover,
        )


class TritonLayoutConfig(_Triton):
    """A layout model on a Triton server."""

    kind: Literal["triton"] = "triton"
    contract: Literal["heron", "cdla"] = Field(
        default="heron", description="heron: docling's model; cdla: the small one that docmill embeds"
    )
    model: str = Field(
        default="",
        description="The model's name on the server. Default: docling-project--docling-layout-heron, or "
        "layout_cdla",
    )

    @property
    def nested(self) -> bool:
        """See `Assembly.hierarchy`."""
        return self.contract == "cdla"

    def engine(self) -> TritonLayout | TritonCdlaLayout:
        """The engine; the server is asked when a step has work for it."""
        if self.contract == "cdla":
            return TritonCdlaLayout(self.server(), self.model or "layout_cdla", self.model_version)
        model = self.model or "docling-project--docling-layout-heron"
        return TritonLayout(self.server(), model, self.model_version)


class TritonTablesConfig(_Triton):
    """A table model on a Triton server."""

    kind: Literal["triton"] = "triton"
    contract: Literal["tableformer", "slanet"] = Field(
        default="tableformer", description="tableformer: docling's; slanet: the small one that docmill embeds"
    )
    model: str = Field(
        default="", description="The model's name on the server. Default: tableformer, or slanet_plus"
    )

    def engine(self) -> TritonTables | TritonSlanetTables:
        """The engine; the server is asked when a step has work for it."""
        if self.contract == "slanet":
            return TritonSlanetTables(self.server(), self.model or "slanet_plus", self.model_version)
        return TritonTables(self.server(), self.model or "tableformer", self.model_version)


class TritonOcrConfig(_Triton):
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

    def engine(self) -> TritonOcr | TritonDoclingOcr:
        """The engine; the server is asked when a step has work for it."""
        if self.contract == "docling":
            return TritonDoclingOcr(self.server(), self.model, self.language, self.model_version)
        folder = Path(self.models) if self.models else default_folder()
        return TritonOcr(self.server(), folder, self.detector, self.recogniser, self.model_version)
