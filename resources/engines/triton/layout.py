"""What the layout models on a Triton server share: about which pages they are asked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from docmill.pipeline.convert.engines import Asked, LayoutEngine, LayoutView
from docmill.pipeline.convert.fused import Unseen
from docmill.pipeline.convert.types import PageLayout
from docmill.resources.clients.triton import TritonServer
from docmill.resources.engines.triton.engine import TritonEngine
from docmill.resources.engines.triton.flow import Begun, in_order

__all__ = ["TritonLayoutEngine"]


class TritonLayoutEngine(TritonEngine, LayoutEngine):
    """A layout model on a server. Pages that it is not asked about are what the embedded rules make of them.

    Those are neither drawn nor sent.
    """

    def __init__(
        self, server: TritonServer, model: str, version: str, asked: Asked, inputs: int, outputs: int
    ) -> None:
        super().__init__(server, model, version, inputs, outputs)
        self.asked = asked

    def identity(self) -> dict[str, Any]:
        """Model and version, and about which pages it is asked, unless about all."""
        return super().identity() | ({} if self.asked == "always" else {"asked": self.asked})

    def detect_pages(self, views: Iterable[LayoutView]) -> Iterator[PageLayout]:
        """Regions of each page before docling's post-processing; several are under way."""
        return in_order(views, self._begin, lambda: self._model.window.size)

    @abstractmethod
    def submitted(self, view: LayoutView, unseen: Unseen) -> Begun[PageLayout]:
        """Ask about a page."""

    def _begin(self, view: LayoutView) -> Begun[PageLayout]:
        unseen = Unseen(view.page, view.ocr, view.style, self.asked)
        return _Unasked(unseen.layout) if unseen.layout else self.submitted(view, unseen)


@dataclass(frozen=True)
class _Unasked:
    """A page about which nobody is asked."""

    layout: PageLayout

    def finish(self) -> PageLayout:
        return self.layout

    def cancel(self) -> None:
        """Nothing is under way."""
