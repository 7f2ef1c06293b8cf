"""Layout and tables of a page by a small model and the page's own geometry, whatever runs the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.engines import Asked, Render
from docmill.pipeline.convert.layout.detectors.cdla import Cells, Detection, Tensor, decode, detect, planes
from docmill.pipeline.convert.layout.doubts import Doubt, page_doubts, region_doubts
from docmill.pipeline.convert.layout.fusion import Fusion, Plain
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.layout.sure_regions import beside_sure_regions, may_be_of_tables
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

__all__ = ["fuse_cells", "fused_layout", "fused_tables", "layout_planes", "open_tables"]

#: The detector was trained on pages of about this resolution.
_LAYOUT_SCALE = 2.0
_CROP_SCALE = 3.0
_CROP_PADDING = 2.0


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
    doubts: Sequence[Doubt] | None = None if asked == "always" else []
    if asked == "auto":
        doubts = page_doubts(page, ocr, style)
    fusion = Fusion(page, ocr, style)
    if doubts is not None and (not doubts or may_be_of_tables(doubts)):  # else it is fused once
        plain = fusion.plain()
        if asked == "auto":
            doubts = _doubts(page, ocr, style, plain, doubts)
        if not doubts:
            return PageLayout(number=page.number, clusters=plain.regions, doubts=[])
    found = detect(render(_LAYOUT_SCALE, None), page.width, page.height, run)
    return _fused(page.number, fusion, found, doubts)


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


def fuse_cells(
    page: PageContent, ocr: PageOcr | None, style: DocumentStyle | None, cells: Cells | None
) -> PageLayout:
    """`fused_layout` for what the detector gave before; None for a page without area."""
    found = decode(cells, page.width, page.height) if cells is not None else []
    return _fused(page.number, Fusion(page, ocr, style), found)


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


def _fused(
    number: int, fusion: Fusion, found: Sequence[Detection], doubts: Sequence[Doubt] | None = None
) -> PageLayout:
    detections = [
        Cluster(id=index, label=hit.label, score=hit.score, box=hit.box) for index, hit in enumerate(found)
    ]
    why = None if doubts is None else list[str](doubts)
    return PageLayout(number=number, clusters=fusion.regions(found), detections=detections, doubts=why)


def _crop(box: Box, render: Render) -> Crop:
    """The picture of a table; a page too large for the pixel limit comes at a lower scale."""
    picture = render(_CROP_SCALE, box)
    return picture, box.l, box.t, picture.shape[1] / box.width
