"""The backends that docmill embeds, run in the workers."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field

from docmill.resources.engines.embedded import EmbeddedLayout, EmbeddedOcr, EmbeddedTables
from docmill.resources.weights.embedded_weights import default_folder

__all__ = ["EmbeddedLayoutConfig", "EmbeddedOcrConfig", "EmbeddedTablesConfig"]


class _Models(dg.Config):
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


class EmbeddedLayoutConfig(_Models):
    """The embedded layout detector, fused with text geometry."""

    kind: Literal["embedded"] = "embedded"

    @property
    def nested(self) -> bool:
        """See `Assembly.hierarchy`."""
        return True

    def engine(self) -> EmbeddedLayout:
        """The engine; its weights are fetched when a step has work for it."""
        return EmbeddedLayout(self.folder, self.runtime, self.threads)


class EmbeddedTablesConfig(_Models):
    """The embedded table model, with ruling geometry."""

    kind: Literal["embedded"] = "embedded"

    def engine(self) -> EmbeddedTables:
        """The engine; its weights are fetched when a step has work for it."""
        return EmbeddedTables(self.folder, self.runtime, self.threads)


class EmbeddedOcrConfig(_Models):
    """PP-OCRv6 in the worker."""

    kind: Literal["embedded"] = "embedded"

    def engine(self) -> EmbeddedOcr:
        """The engine; its weights are fetched when a step has work for it."""
        return EmbeddedOcr(self.folder, self.runtime, self.threads)
