"""DoclingDocuments made by hand for the tests of the metrics."""

from __future__ import annotations

from collections.abc import Sequence

from docling_core.types.doc import (
    BoundingBox,
    CoordOrigin,
    DocItemLabel,
    DoclingDocument,
    PictureItem,
    ProvenanceItem,
    Size,
    TableCell,
    TableData,
)

LTRB = tuple[float, float, float, float]
PAGE = Size(width=600, height=800)


def blank(name: str = "example", pages: int = 1) -> DoclingDocument:
    document = DoclingDocument(name=name)
    for number in range(1, pages + 1):
        document.add_page(page_no=number, size=PAGE)
    return document


def place(box: LTRB, page: int = 1, *, bottom_left: bool = False) -> ProvenanceItem:
    bbox = BoundingBox(l=box[0], t=box[1], r=box[2], b=box[3], coord_origin=CoordOrigin.TOPLEFT)
    if bottom_left:
        bbox = bbox.to_bottom_left_origin(PAGE.height)
    return ProvenanceItem(page_no=page, bbox=bbox, charspan=(0, 0))


def with_texts(
    boxes: Sequence[LTRB],
    *,
    label: DocItemLabel = DocItemLabel.TEXT,
    texts: Sequence[str] | None = None,
    bottom_left: bool = False,
) -> DoclingDocument:
    document = blank()
    for index, box in enumerate(boxes):
        text = texts[index] if texts else f"paragraph {index}"
        document.add_text(label=label, text=text, prov=place(box, bottom_left=bottom_left))
    return document


def add_picture_with_text(document: DoclingDocument, picture: LTRB, text: LTRB) -> PictureItem:
    caption = document.add_text(label=DocItemLabel.CAPTION, text="Figure 1", prov=place((50, 410, 300, 425)))
    item: PictureItem = document.add_picture(prov=place(picture), caption=caption)
    caption.parent = item.get_ref()
    item.children.append(caption.get_ref())
    document.body.children.remove(caption.get_ref())
    document.add_text(label=DocItemLabel.TEXT, text="axis", prov=place(text), parent=item)
    return item


def cell(row: int, column: int, text: str, *, rows: int = 1, columns: int = 1) -> TableCell:
    return TableCell(
        text=text,
        row_span=rows,
        col_span=columns,
        start_row_offset_idx=row,
        end_row_offset_idx=row + rows,
        start_col_offset_idx=column,
        end_col_offset_idx=column + columns,
    )


def grid(rows: Sequence[Sequence[str]]) -> TableData:
    cells = [cell(row, column, text) for row, texts in enumerate(rows) for column, text in enumerate(texts)]
    return TableData(num_rows=len(rows), num_cols=len(rows[0]), table_cells=cells)


def with_tables(tables: Sequence[tuple[TableData, LTRB]]) -> DoclingDocument:
    document = blank()
    for data, box in tables:
        document.add_table(data, prov=place(box))
    return document


def rich_document(name: str = "example") -> DoclingDocument:
    """One with something for every metric."""
    document = blank(name, pages=2)
    document.add_title("On mills", prov=place((50, 50, 500, 80)))
    document.add_text(label=DocItemLabel.TEXT, text="They grind.", prov=place((50, 100, 500, 150)))
    add_picture_with_text(document, (50, 200, 300, 400), (60, 210, 120, 220))
    document.add_heading("Stones", prov=place((50, 50, 500, 70), page=2))
    document.add_table(grid([["a", "b"], ["c", "d"]]), prov=place((50, 100, 500, 200), page=2))
    group = document.add_list_group()
    document.add_list_item("granite", parent=group, prov=place((50, 300, 500, 320), page=2))
    return document
