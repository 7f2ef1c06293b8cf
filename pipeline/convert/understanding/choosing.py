"""Which pages and pictures a vision-language model is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from docmill.pipeline.convert.types import Cluster, PageContent, PageLayout, PageOcr

__all__ = ["Choice", "UnderstandingMode", "layout_confidence"]

#: What is asked about: nothing, pages that the classic path does badly, those where text and drawings leave a
#: doubt (see `docmill.pipeline.convert.layout.doubts`), every page, or pictures.
UnderstandingMode = Literal["off", "fallback", "doubts", "all", "pictures"]


@dataclass(frozen=True)
class Choice:
    """What to ask about.

    `min_confidence`: pages whose layout is less sure than that are asked about in mode `fallback`, as are
    scanned pages (`scanned`) and those without a layout. `min_picture`: smaller pictures, as a share of the
    page's area, are not described.
    """

    mode: UnderstandingMode
    min_confidence: float = 0.5
    scanned: bool = True
    min_picture: float = 0.01

    def identity(self) -> dict[str, Any]:
        """Everything about it that changes which pages are asked about."""
        return asdict(self)

    @property
    def by_doubts(self) -> bool:
        """Whether a page's doubts decide."""
        return self.mode == "doubts"

    def reason(
        self, page: PageContent, ocr: PageOcr | None, layout: PageLayout, doubts: Sequence[str] = ()
    ) -> str:
        """Why a page is asked about; empty when it is not.

        `all`, `no_layout`, `scanned`, `low_confidence`, or one of its `doubts`. A page on which there is
        nothing at all has nothing to ask about.
        """
        if self.mode not in ("all", "doubts", "fallback") or page.error or _is_blank(page, ocr):
            return ""
        if self.mode == "all":
            return "all"
        if layout.error:
            return "no_layout"
        if self.mode == "doubts":
            return next(iter(doubts), "")
        if self.scanned and page.scanned:
            return "scanned"
        return "low_confidence" if layout_confidence(layout) < self.min_confidence else ""

    def pictures(self, page: PageContent, layout: PageLayout) -> list[Cluster]:
        """The pictures that get a description."""
        if self.mode != "pictures":
            return []
        least = self.min_picture * page.width * page.height
        return [r for r in layout.clusters if r.label == "picture" and r.box.area >= max(least, 1.0)]


def layout_confidence(layout: PageLayout) -> float:
    """How sure the layout model is of a page, 0 to 1: the mean score of what it found, weighted by area.

    0 for a page on which it found nothing.
    """
    found = [(region.score, max(region.box.area, 1.0)) for region in layout.detections or layout.clusters]
    total = sum(area for _, area in found)
    return sum(score * area for score, area in found) / total if total else 0.0


def _is_blank(page: PageContent, ocr: PageOcr | None) -> bool:
    marks = (page.words, page.bitmaps, page.shapes, page.rulings, page.widgets, page.scanned)
    return not any(marks) and not (ocr and ocr.words)
