"""Stage `layout`: the regions of every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from docmill.pipeline.convert.types import PageLayout
from docmill.pipeline.stages.checks import FAILURE_RATE
from docmill.pipeline.stages.pages import readable_pages
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.selection import Selection
from docmill.pipeline.stages.shared_options import TRITON_URL
from docmill.pipeline.stages.spec import ModelStage, StageOption, backend_config

if TYPE_CHECKING:
    from docmill.pipeline.convert.engines import Asked, LayoutEngine
    from docmill.resources.settings.layout import Layout

__all__ = ["LayoutStage"]


@dataclass(frozen=True)
class LayoutStage(ModelStage):
    """Renders each page, detects its regions and runs docling's layout post-processing on them."""

    engine: LayoutEngine
    spare: LayoutEngine | None = None

    name = "layout"
    version = 8
    needs = ("pages", "ocr")
    work = "docmill.pipeline.stages.work.layout:find_regions"
    resources: ClassVar[Mapping[str, str]] = {
        "layout": "docmill.resources.settings.layout:Layout",
        "triton": "docmill.resources.triton:Triton",
    }
    options = (
        StageOption(
            "--layout",
            "embedded",
            "Layout backend: embedded, triton or triton:cdla.",
            lambda chosen: {"layout": backend_config(chosen)},
            choices=("embedded", "triton", "triton:cdla"),
        ),
        StageOption(
            "--detector",
            "auto, or always on a server",
            "About which pages the layout model is asked: auto (where it may see more than text and drawings "
            "tell), always or never.",
            lambda chosen: {"layout": {"detector": chosen}},
            choices=("auto", "always", "never"),
        ),
        TRITON_URL,
    )
    kinds = frozenset({"onnx"})
    checks = (FAILURE_RATE,)

    @classmethod
    def configured(cls, resources: Mapping[str, Any]) -> Self:
        """With the backend that is set."""
        layout: Layout = resources["layout"]
        triton = resources["triton"]
        return cls(layout.engine(triton), layout.spare(triton))

    @property
    def asked(self) -> Asked:
        """About which pages its model is asked."""
        asked: Asked = self.engine.identity().get("asked", "always")
        return asked

    def plan(self, records: Mapping[str, StageRecord]) -> Sequence[Selection]:
        """All pages that could be read."""
        return readable_pages(records)

    def failed_page(self, number: int, message: str) -> PageLayout:
        """No region: docling's post-processing makes a text item of every line."""
        return PageLayout(number=number, error=message)
