"""Parts of a paragraph on pages of different heights have boxes on their own pages."""

from __future__ import annotations

import pytest
from docling_core.types.doc import (
    BoundingBox,
    CoordOrigin,
    DocItemLabel,
    DoclingDocument,
    ProvenanceItem,
    Size,
)

from docmill.pipeline.convert.document.continued_boxes import move_continued_boxes


def document(first: float, second: float) -> DoclingDocument:
    """A paragraph over two pages; its second part, 28 to 54 points down, as docling turns it bottom up."""
    found = DoclingDocument(name="two pages")
    for number, height in enumerate((first, second), start=1):
        found.add_page(page_no=number, size=Size(width=612, height=height))
    item = found.add_text(
        label=DocItemLabel.TEXT, text="begins and ends", prov=part(1, first - 700, first - 730)
    )
    item.prov.append(part(2, first - 28, first - 54))
    return found


def part(page: int, top: float, bottom: float) -> ProvenanceItem:
    box = BoundingBox(l=72, t=top, r=400, b=bottom, coord_origin=CoordOrigin.BOTTOMLEFT)
    return ProvenanceItem(page_no=page, charspan=(0, 6), bbox=box)


@pytest.mark.parametrize(("first", "second"), [(792, 396), (396, 792), (842, 842)])
def test_boxes_are_on_their_pages(first: float, second: float) -> None:
    found = document(first, second)
    move_continued_boxes(found)
    begin, end = found.texts[0].prov
    assert (begin.bbox.t, begin.bbox.b) == (first - 700, first - 730)
    assert (end.bbox.t, end.bbox.b) == (second - 28, second - 54)
