"""Documents as their pages show them: parts, places, layers, cells."""

from __future__ import annotations

import pytest
from docling_core.types.doc import (
    BoundingBox,
    CoordOrigin,
    DocItemLabel,
    DoclingDocument,
    ProvenanceItem,
    Size,
    TableCell,
    TableData,
)
from docling_core.types.doc.document import ContentLayer
from pydantic import ValidationError

from docmill.pipeline.convert.document.assemble import document_json
from docmill.pipeline.convert.document.placed_items import PlacedItem, placed_items
from docmill.pipeline.convert.types import Box

HEIGHT = 800.0


def place(page: int, box: Box, span: tuple[int, int] = (0, 0)) -> ProvenanceItem:
    """As docling keeps it: from the bottom up."""
    bottom_up = BoundingBox(
        l=box.l, t=HEIGHT - box.t, r=box.r, b=HEIGHT - box.b, coord_origin=CoordOrigin.BOTTOMLEFT
    )
    return ProvenanceItem(page_no=page, bbox=bottom_up, charspan=span)


@pytest.fixture
def document() -> DoclingDocument:
    made = DoclingDocument(name="handmade")
    for number in (1, 2):
        made.add_page(number, Size(width=600.0, height=HEIGHT))
    return made


def placed(document: DoclingDocument) -> list[PlacedItem]:
    return list(placed_items(document_json(document)))


def test_boxes_are_from_the_top_left(document: DoclingDocument) -> None:
    document.add_text(DocItemLabel.TEXT, "a line", prov=place(1, Box(10, 20, 110, 32)))
    [item] = placed(document)
    assert (item.box, item.page, item.text, item.layer) == (Box(10, 20, 110, 32), 1, "a line", "body")


def test_a_paragraph_over_two_pages_is_two_parts(document: DoclingDocument) -> None:
    text = document.add_text(DocItemLabel.TEXT, "It begins here and goes on there.")
    text.prov = [place(1, Box(10, 700, 110, 720), (0, 15)), place(2, Box(10, 20, 110, 32), (16, 33))]
    parts = placed(document)
    assert [(each.page, each.part, each.parts) for each in parts] == [(1, 1, 2), (2, 2, 2)]
    assert [each.text for each in parts] == ["It begins here ", "nd goes on there."]


def test_spans_of_a_list_item_count_its_marker(document: DoclingDocument) -> None:
    group = document.add_list_group()
    item = document.add_list_item("first second", marker="1.", enumerated=True, parent=group)
    item.prov = [place(1, Box(10, 20, 110, 32), (0, 8)), place(2, Box(10, 20, 110, 32), (9, 15))]
    parts = placed(document)
    assert [each.text for each in parts] == ["first", "second"]
    assert {each.marker for each in parts} == {"1."}


def test_furniture_and_what_is_in_pictures_is_there_and_says_so(document: DoclingDocument) -> None:
    document.add_text(
        DocItemLabel.PAGE_FOOTER, "7", prov=place(1, Box(1, 1, 2, 2)), content_layer=ContentLayer.FURNITURE
    )
    picture = document.add_picture(prov=place(1, Box(10, 100, 200, 300)))
    document.add_text(DocItemLabel.TEXT, "axis", prov=place(1, Box(20, 120, 40, 130)), parent=picture)
    footer, drawn, label = placed(document)
    assert (footer.layer, drawn.label, label.parent) == ("furniture", "picture", drawn.ref)


def test_a_table_has_its_cells_with_their_places(document: DoclingDocument) -> None:
    cell = TableCell(
        text="both",
        start_row_offset_idx=0,
        end_row_offset_idx=2,
        start_col_offset_idx=1,
        end_col_offset_idx=2,
        column_header=True,
        bbox=BoundingBox(l=1, t=2, r=3, b=4, coord_origin=CoordOrigin.TOPLEFT),
    )
    table = document.add_table(TableData(num_rows=2, num_cols=2, table_cells=[cell]))
    table.prov = [place(1, Box(0, 0, 9, 9)), place(2, Box(0, 0, 9, 9))]
    first, second = placed(document)
    [found] = first.cells
    assert (found.row, found.row_span, found.col, found.col_span) == (0, 2, 1, 1)
    assert (found.box, found.header, found.text) == (Box(1, 2, 3, 4), True, "both")
    assert second.cells == ()


def test_a_formula_that_nobody_read_shows_its_symbols(document: DoclingDocument) -> None:
    document.add_text(DocItemLabel.FORMULA, "", orig="a b", prov=place(1, Box(0, 0, 9, 9)))
    [item] = placed(document)
    assert (item.text, item.as_drawn) == ("a b", True)


def test_headings_have_levels_and_others_none(document: DoclingDocument) -> None:
    document.add_title("Title", prov=place(1, Box(0, 0, 9, 9)))
    document.add_heading("Heading", level=3, prov=place(1, Box(0, 10, 9, 19)))
    document.add_text(DocItemLabel.TEXT, "text", prov=place(1, Box(0, 20, 9, 29)))
    assert [each.level for each in placed(document)] == [1, 3, 0]


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(ValidationError):
        list(placed_items(b'{"schema_name": "other"}'))
