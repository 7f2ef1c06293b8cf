"""Layout and tables of a page by a small model and the page's own geometry, whatever runs the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.engines import Asked, Render
from docmill.pipeline.convert.layout.detectors.cdla import Detection, Tensor, detect, planes
from docmill.pipeline.convert.layout.doubts import Doubt, page_doubts, region_doubts
from docmill.pipeline.convert.layout.fusion import Fusion, Plain
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.layout.sure.regions import beside_sure_regions, may_be_settled
from docmill.pipeline.convert.tables.slanet.slanet import Crop, Run, recognise
from docmill.pipeline.convert.tables.structure import OpenTables, TableInput
from docmill.pipeline.convert.types import (
    Box,
    Cluster,
    PageContent,
    PageLayout,
    PageOcr,
    TableStructure,
    Word,
)

__all__ = ["Unseen", "fused_layout", "fused_tables", "layout_planes", "open_tables"]

#: The detector was trained on pages of about this resolution.
_LAYOUT_SCALE = 2.0
_CROP_SCALE = 3.0
_CROP_PADDING = 2.0


class Unseen:
    """A page that no detector has seen: why one is asked about it, and what is made of its answer.

    `doubts` are None where every page is asked about. `layout` is what the page is without a detector, before
    docling's post-processing; None where one is asked.
    """

    def __init__(
        self, page: PageContent, ocr: PageOcr | None, style: DocumentStyle | None, asked: Asked
    ) -> None:
        self._page, self._ocr, self._style = page, ocr, style
        self.layout: PageLayout | None = None
        self.doubts: list[Doubt] | None = None if asked == "always" else []
        if asked == "auto":
            self.doubts = page_doubts(page, ocr, style)
        if self.doubts is None or (self.doubts and not may_be_settled(self.doubts, page)):
            return  # it is fused once
        plain = self._fusion.plain()
        if asked == "auto":
            self.doubts = _doubts(page, ocr, style, plain, self.doubts)
        if not self.doubts:
            self.layout = PageLayout(number=page.number, clusters=plain.regions, doubts=[])

    def fused(self, found: Sequence[Detection]) -> PageLayout:
        """The page with what the CDLA detector found, before docling's post-processing."""
        detections = [
            Cluster(id=index, label=hit.label, score=hit.score, box=hit.box)
            for index, hit in enumerate(found)
        ]
        return self.detected(self._fusion.regions(found), detections)

    def detected(self, regions: Sequence[Cluster], detections: Sequence[Cluster]) -> PageLayout:
        """The page with these regions, and the detections behind them."""
        return PageLayout(
            number=self._page.number,
            clusters=list(regions),
            detections=list(detections),
            doubts=None if self.doubts is None else list[str](self.doubts),
        )

    @cached_property
    def _fusion(self) -> Fusion:
        return Fusion(self._page, self._ocr, self._style)


def fused_layout(
    page: PageContent,
    ocr: PageOcr | None,
    style: DocumentStyle | None,
    render: Render,
    run: Callable[[Tensor], Sequence[NDArray[Any]]],
    asked: Asked = "always",
) -> PageLayout:
    """Regions before docling's post-processing; `run` is the CDLA detector (see `layout.detectors.cdla`).

    A page is drawn only when the detector is asked.
    """
    unseen = Unseen(page, ocr, style, asked)
    if unseen.layout:
        return unseen.layout
    return unseen.fused(detect(render(_LAYOUT_SCALE, None), page.width, page.height, run))


def _doubts(
    page: PageContent,
    ocr: PageOcr | None,
    style: DocumentStyle | None,
    plain: Plain,
    doubts: Sequence[Doubt],
) -> list[Doubt]:
    """Why the detector is asked about a page by its regions.

    Of what stands on the page, `doubts`, only those count that are not of its sure regions.
    """
    rest, others = beside_sure_regions(page, plain.regions)
    left = page_doubts(rest, ocr, style) if doubts else ()
    found = [doubt for doubt in doubts if doubt in left]
    return found + [doubt for doubt in region_doubts(page, others, plain.open) if doubt not in found]


def layout_planes(render: Render) -> NDArray[np.uint8] | None:
    """A page as bytes for the served detector; None for a page without area."""
    image = render(_LAYOUT_SCALE, None)
    return planes(image) if image.size else None


def fused_tables(
    regions: Sequence[Cluster], page: PageContent, words: Sequence[Word], render: Render, run: Run
) -> list[TableStructure]:
    """One structure per region; `run` is SLANet+ (see `docmill.pipeline.convert.tables.slanet.slanet`)."""
    tables = open_tables(regions, page, words, render)
    return tables.finished(recognise(tables.crops(), run))


def open_tables(
    regions: Sequence[Cluster], page: PageContent, words: Sequence[Word], render: Render
) -> OpenTables:
    """What geometry says of a page's tables; those that need the model are open."""
    inputs = [
        TableInput(region, partial(_crop, region.box.padded(_CROP_PADDING), render)) for region in regions
    ]
    return OpenTables(inputs, page, words)


def _crop(box: Box, render: Render) -> Crop:
    """The picture of a table; a page too large for the pixel limit comes at a lower scale."""
    picture = render(_CROP_SCALE, box)
    return picture, box.l, box.t, picture.shape[1] / box.width
