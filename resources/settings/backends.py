"""What the backends of OCR, layout and tables share."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field

from docmill.resources.triton import Triton
from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["EmbeddedModels", "ServedModel", "falls_back"]


def falls_back(backend: dg.Config, triton: Triton) -> bool:
    """Whether a backend is served, and the embedded model is to do its work while the server is away."""
    return isinstance(backend, ServedModel) and triton.fallback == "embedded"


class EmbeddedModels(dg.Config):
    """Shared by the embedded backends."""

    models: str = Field(default="", description="Folder of the weights. Default: $DOCMILL_HOME/models")
    runtime: Literal["auto", "onnxruntime", "openvino"] = Field(
        default="auto", description="auto takes OpenVINO when it is installed"
    )
    threads: int = Field(default=1, ge=1, description="Threads of one worker; processes scale better")

    @property
    def folder(self) -> Path:
        """The folder of the weights."""
        return Path(self.models) if self.models else default_folder()


class ServedModel(dg.Config):
    """A model on a Triton server."""

    url: str = Field(default="", description="Another server than the resource `triton` names: host:port")
    model_version: str = Field(
        default="", description="Version to ask for; results are kept by it. Default: the server's choice"
    )
    digests: dict[str, str] = Field(
        default={},
        description="Digests by model: another model is refused, and the server is not asked for them",
    )
