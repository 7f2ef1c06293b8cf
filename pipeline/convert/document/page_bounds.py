"""Boxes that reach over the edge of their page: what is drawn there nobody sees."""

from __future__ import annotations

from docling_core.types.doc import BoundingBox, DoclingDocument, Size

__all__ = ["clip_to_pages"]


def clip_to_pages(document: DoclingDocument) -> None:
    """Draw the boxes of all items, and of tables' cells, in to their pages, in place.

    A box that lies wholly outside keeps no area, at the edge that it is nearest to.
    """
    for item in (*document.texts, *document.tables, *document.pictures, *document.key_value_items):
        for prov in item.prov:
            page = document.pages.get(prov.page_no)
            if page is not None:
                prov.bbox = _clipped(prov.bbox, page.size)
    for table in document.tables:
        page = document.pages.get(table.prov[0].page_no) if table.prov else None
        if page is not None:
            for cell in table.data.table_cells:
                if cell.bbox is not None:
                    cell.bbox = _clipped(cell.bbox, page.size)


def _clipped(box: BoundingBox, size: Size) -> BoundingBox:
    """The box itself where it lies in the page; pages go from 0 to their size in either origin."""
    if 0 <= box.l <= box.r <= size.width and min(box.t, box.b) >= 0 and max(box.t, box.b) <= size.height:
        return box

    def within(value: float, limit: float) -> float:
        return min(max(value, 0.0), limit)

    return BoundingBox(
        l=within(box.l, size.width),
        t=within(box.t, size.height),
        r=within(box.r, size.width),
        b=within(box.b, size.height),
        coord_origin=box.coord_origin,
    )
