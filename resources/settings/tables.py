"""Resource `tables`: what finds the structure of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.engines import TableEngine
from docmill.resources.engines.embedded import EmbeddedTables
from docmill.resources.settings.backends import EmbeddedModels, ServedModel, falls_back
from docmill.resources.triton import Triton

if TYPE_CHECKING:
    from docmill.resources.engines.triton import TritonSlanetTables, TritonTables

__all__ = ["EmbeddedTablesConfig", "Tables", "TritonTablesConfig"]


class EmbeddedTablesConfig(EmbeddedModels):
    """The embedded table model, with ruling geometry."""

    kind: Literal["embedded"] = "embedded"

    def engine(self, triton: Triton) -> EmbeddedTables:
        """The engine; its weights are fetched when a step has work for it."""
        return EmbeddedTables(self.folder, self.runtime, self.threads)


class TritonTablesConfig(ServedModel):
    """A table model on a Triton server."""

    kind: Literal["triton"] = "triton"
    contract: Literal["tableformer", "slanet"] = Field(
        default="tableformer", description="tableformer: docling's; slanet: the small one that docmill embeds"
    )
    model: str = Field(
        default="", description="The model's name on the server. Default: tableformer, or slanet_plus"
    )

    def engine(self, triton: Triton) -> TritonTables | TritonSlanetTables:
        """The engine; the server is asked when a step has work for it."""
        from docmill.resources.engines.triton import TritonSlanetTables, TritonTables

        server = triton.server(self.url)
        if self.contract == "slanet":
            small = TritonSlanetTables(server, self.model or "slanet_plus", self.model_version)
            return small.with_digests(self.digests)
        model = self.model or "tableformer"
        return TritonTables(server, model, self.model_version).with_digests(self.digests)


class Tables(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What finds the structure of tables."""

    backend: EmbeddedTablesConfig | TritonTablesConfig = Field(
        default=EmbeddedTablesConfig(),
        discriminator="kind",
        description="embedded, or triton: what finds them, and its settings",
    )

    def engine(self, triton: Triton) -> TableEngine:
        """The engine; `triton` is the server for a backend that is served."""
        return self.backend.engine(triton)

    def spare(self, triton: Triton) -> TableEngine | None:
        """What does it while the server is away, if anything."""
        return EmbeddedTablesConfig().engine(triton) if falls_back(self.backend, triton) else None
