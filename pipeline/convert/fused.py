"""Layout and tables of a page by a small model and the page's own geometry, whatever runs the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

from pipeline.convert.cdla import Tensor, detect
from pipeline.convert.engines import Render
from pipeline.convert.layout.fusion import fuse
from pipeline.convert.layout.style import DocumentStyle
from pipeline.convert.tables.slanet import Crop, Run
from pipeline.convert.tables.structure import TableInput, table_structures
from pipeline.convert.types import Box, PageContent, PageLayout, PageOcr, Region, TableStructure, Word

__all__ = ["fused_layout", "fused_tables"]

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
) -> PageLayout:
    """Regions before docling's post-processing; `run` is the CDLA detector (see `pipeline.convert.cdla`)."""
    image = render(_LAYOUT_SCALE, None)
    found = detect(image, page.width, page.height, run)
    detections = [
        Region(id=index, label=hit.label, score=hit.score, box=hit.box) for index, hit in enumerate(found)
    ]
    return PageLayout(number=page.number, regions=fuse(page, ocr, found, style), detections=detections)


def fused_tables(
    regions: Sequence[Region], page: PageContent, words: Sequence[Word], render: Render, run: Run
) -> list[TableStructure]:
    """One structure per region; `run` is SLANet+ (see `pipeline.convert.tables.slanet`)."""
    inputs = [
        TableInput(region, partial(_crop, region.box.padded(_CROP_PADDING), render)) for region in regions
    ]
    return table_structures(inputs, page, words, run)


def _crop(box: Box, render: Render) -> Crop:
    """The picture of a table; a page too large for the pixel limit comes at a lower scale."""
    picture = render(_CROP_SCALE, box)
    return picture, box.l, box.t, picture.shape[1] / box.width
