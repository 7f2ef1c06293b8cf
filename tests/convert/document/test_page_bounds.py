"""Boxes over the edge of a page are drawn in to it."""

from __future__ import annotations

from docling_core.types.doc import BoundingBox, CoordOrigin, DoclingDocument, ProvenanceItem, Size, TableData
from docling_core.types.doc.document import DocItemLabel, TableCell

from docmill.pipeline.convert.document.page_bounds import clip_to_pages


def document(*boxes: tuple[float, float, float, float]) -> DoclingDocument:
    made = DoclingDocument(name="d")
    made.add_page(page_no=1, size=Size(width=600, height=800))
    for left, top, right, bottom in boxes:
        box = BoundingBox(l=left, t=top, r=right, b=bottom, coord_origin=CoordOrigin.BOTTOMLEFT)
        made.add_text(
            label=DocItemLabel.TEXT, text="a", prov=ProvenanceItem(page_no=1, bbox=box, charspan=(0, 1))
        )
    return made


def sides(box: BoundingBox) -> tuple[float, float, float, float]:
    return box.l, box.t, box.r, box.b


def test_boxes_end_at_the_page_s_edges() -> None:
    made = document((-20, 820, 640, 700), (10, 90, 100, 80), (610, 900, 700, 850))
    clip_to_pages(made)
    found = [sides(item.prov[0].bbox) for item in made.texts]
    assert found == [(0, 800, 600, 700), (10, 90, 100, 80), (600, 800, 600, 800)]


def test_cells_too() -> None:
    made = document()
    outside = BoundingBox(l=560, t=-5, r=630, b=20, coord_origin=CoordOrigin.TOPLEFT)
    cell = TableCell(
        text="a",
        start_row_offset_idx=0,
        end_row_offset_idx=1,
        start_col_offset_idx=0,
        end_col_offset_idx=1,
        bbox=outside,
    )
    box = BoundingBox(l=10, t=820, r=630, b=700, coord_origin=CoordOrigin.BOTTOMLEFT)
    made.add_table(
        data=TableData(table_cells=[cell], num_rows=1, num_cols=1),
        prov=ProvenanceItem(page_no=1, bbox=box, charspan=(0, 0)),
    )
    clip_to_pages(made)
    found = made.tables[0].data.table_cells[0].bbox
    assert found is not None
    assert sides(found) == (560, 0, 600, 20)
    assert sides(made.tables[0].prov[0].bbox) == (10, 800, 600, 700)
