"""Resource `layout`: what finds the layout regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.engines import Asked, LayoutEngine
from docmill.resources.engines.embedded import EmbeddedLayout
from docmill.resources.settings.backends import EmbeddedModels, ServedModel, falls_back
from docmill.resources.triton import Triton

if TYPE_CHECKING:
    from docmill.resources.engines.triton import TritonCdlaLayout, TritonLayout

__all__ = ["EmbeddedLayoutConfig", "Layout", "TritonLayoutConfig"]


class EmbeddedLayoutConfig(EmbeddedModels):
    """The embedded layout detector, fused with text geometry."""

    kind: Literal["embedded"] = "embedded"

    @property
    def nested(self) -> bool:
        """See `Assembly.hierarchy`."""
        return True

    def engine(self, triton: Triton, asked: Asked = "auto") -> EmbeddedLayout:
        """The engine; its weights are fetched when a step has work for it."""
        return EmbeddedLayout(self.folder, self.runtime, self.threads, asked)


class TritonLayoutConfig(ServedModel):
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

    def engine(self, triton: Triton, asked: Asked = "always") -> TritonLayout | TritonCdlaLayout:
        """The engine; the server is asked when a step has work for it."""
        from docmill.resources.engines.triton import TritonCdlaLayout, TritonLayout

        server = triton.server(self.url)
        if self.contract == "cdla":
            small = TritonCdlaLayout(server, self.model or "layout_cdla", self.model_version, asked)
            return small.with_digests(self.digests)
        model = self.model or "docling-project--docling-layout-heron"
        return TritonLayout(server, model, self.model_version, asked).with_digests(self.digests)


class Layout(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What finds the layout regions."""

    backend: EmbeddedLayoutConfig | TritonLayoutConfig = Field(
        default=EmbeddedLayoutConfig(),
        discriminator="kind",
        description="embedded, or triton: what finds them, and its settings",
    )
    detector: Literal["default", "auto", "always", "never"] = Field(
        default="default",
        description="About which pages the layout model is asked. auto: where it may see more than text and "
        "drawings tell; always; never: geometry alone; default: auto for the embedded model, always for one "
        "on a server",
    )

    def engine(self, triton: Triton) -> LayoutEngine:
        """The engine; `triton` is the server for a backend that is served."""
        return self._engine(self.backend, triton)

    def spare(self, triton: Triton) -> LayoutEngine | None:
        """What does it while the server is away, if anything."""
        if not falls_back(self.backend, triton):
            return None
        return self._engine(EmbeddedLayoutConfig(), triton)

    def _engine(self, backend: EmbeddedLayoutConfig | TritonLayoutConfig, triton: Triton) -> LayoutEngine:
        if self.detector == "default":
            return backend.engine(triton)
        return backend.engine(triton, self.detector)
