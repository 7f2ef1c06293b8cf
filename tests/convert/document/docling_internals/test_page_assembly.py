"""docling's own page assembly finds the same links."""

from __future__ import annotations

import random

import pytest
from docling.datamodel.base_models import Page
from docling.models.stages.page_assemble.page_assemble_model import PageAssembleModel
from docling_core.types.doc import BoundingBox, CoordOrigin, Size
from docling_core.types.doc.page import BoundingRectangle, PdfHyperlink

from docmill.pipeline.convert.document.docling_internals.page_assembly import LightPageAssembly, ParsedPage

TARGETS = ("https://a.example/x y", "https://b.example", "notes/other.txt", None)


def _box(draw: random.Random) -> BoundingBox:
    left, top = 30.0 * draw.randrange(6), 15.0 * draw.randrange(6)
    return BoundingBox(l=left, t=top, r=left + draw.choice((0, 20, 60)), b=top + draw.choice((0, 10, 40)))


@pytest.mark.parametrize("seed", range(60))
def test_links_are_those_of_docling(seed: int) -> None:
    draw = random.Random(seed)
    links = [
        PdfHyperlink(
            index=number,
            rect=BoundingRectangle.from_bounding_box(_box(draw).to_bottom_left_origin(792)),
            uri=draw.choice(TARGETS),
        )
        for number in range(draw.randrange(12))
    ]
    page = Page(page_no=1, size=Size(width=612, height=792))
    page.parsed_page = ParsedPage([], links)
    boxes = [_box(draw) for _ in range(10)]
    found = [LightPageAssembly._match_hyperlink(box, page) for box in boxes]
    assert found == [PageAssembleModel._match_hyperlink(box, page) for box in boxes]
    assert all(box.coord_origin is CoordOrigin.TOPLEFT for _, box in page.parsed_page.link_places(792))


def test_some_are_found() -> None:
    page = Page(page_no=1, size=Size(width=612, height=792))
    box = BoundingBox(l=10, t=10, r=60, b=20)
    rectangle = BoundingRectangle.from_bounding_box(box.to_bottom_left_origin(792))
    page.parsed_page = ParsedPage([], [PdfHyperlink(index=0, rect=rectangle, uri="https://a.example")])
    assert str(LightPageAssembly._match_hyperlink(box, page)) == "https://a.example/"
    assert LightPageAssembly._match_hyperlink(BoundingBox(l=60, t=10, r=99, b=20), page) is None
