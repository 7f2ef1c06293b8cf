"""Two ways of making a document, page by page."""

from __future__ import annotations

from docling_core.types.doc import (
    BoundingBox,
    CoordOrigin,
    DocItemLabel,
    DoclingDocument,
    ProvenanceItem,
    Size,
)

from benchmarks.metrics.beside import beside_table, pages_beside


def document(*pages: str) -> DoclingDocument:
    made = DoclingDocument(name="x")
    for number, text in enumerate(pages, 1):
        made.add_page(page_no=number, size=Size(width=100, height=100))
        if text:
            box = BoundingBox(l=10, t=90, r=90, b=80, coord_origin=CoordOrigin.BOTTOMLEFT)
            prov = ProvenanceItem(page_no=number, bbox=box, charspan=(0, len(text)))
            made.add_text(DocItemLabel.TEXT, text, prov=prov)
    return made


def test_each_page_is_scored_against_the_truth_and_against_the_other_side() -> None:
    truth, classic, other = document("calm sea", "low tide"), document("calm sea", "x"), document("calm sea")
    first, second = pages_beside("log", truth, classic, other)
    assert (first.text_classic, first.text_other, first.text_between) == (1.0, 1.0, 1.0)
    assert (first.layout_classic, first.layout_other) == (1.0, 1.0)
    assert (second.page, second.layout_classic) == (2, 1.0)
    assert second.text_classic < 0.2 and second.text_other == 0.0
    assert second.layout_other in (0.0, None)
    assert beside_table([first, second], "vlm").row_count == 2
