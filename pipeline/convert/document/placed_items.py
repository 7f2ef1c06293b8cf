"""A finished document as its pages show it: every item, part by part, with its place, in reading order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docling_core.types.doc import BoundingBox, DocItem, DoclingDocument, PictureItem, TableItem
from docling_core.types.doc.document import ContentLayer, ListItem, SectionHeaderItem, TextItem

from docmill.pipeline.convert.types import Box

__all__ = ["GridCell", "PlacedItem", "placed_items"]


@dataclass(frozen=True)
class GridCell:
    """A cell of a table: where it begins, how far it reaches, and its box on the page if that is known."""

    row: int
    col: int
    row_span: int
    col_span: int
    text: str
    header: bool
    box: Box | None


@dataclass(frozen=True)
class PlacedItem:
    """What of an item stands at one place: a paragraph over two columns is two of them.

    `ref` is docling's reference (`#/texts/3`), `parent` that of what holds it; `level` is a heading's, from
    1, or 0. `text` is this part's; a picture's is its description. `box` is in displayed points. `layer` is
    docling's: what is not `body` is in neither Markdown nor HTML. `as_drawn`: a formula whose notation
    nobody knows, in the symbols of the page. `cells` are those of a table, with its first part.
    """

    ref: str
    parent: str
    label: str
    page: int
    box: Box
    text: str
    level: int = 0
    part: int = 1
    parts: int = 1
    layer: str = "body"
    marker: str = ""
    link: str = ""
    as_drawn: bool = False
    cells: tuple[GridCell, ...] = ()


def placed_items(data: bytes) -> Iterator[PlacedItem]:
    """The items of a DoclingDocument (JSON) in reading order; those without a place are left out.

    Raises `pydantic.ValidationError` for what is none.
    """
    document = DoclingDocument.model_validate_json(data)
    heights = {number: page.size.height for number, page in document.pages.items()}
    for item, _ in document.iterate_items(included_content_layers=set(ContentLayer), traverse_pictures=True):
        if isinstance(item, DocItem):
            yield from _parts(item, heights)


def _parts(item: DocItem, heights: dict[int, float]) -> Iterator[PlacedItem]:
    whole, as_drawn = _text(item)
    texts = _slices(whole, [prov.charspan for prov in item.prov])
    level = item.level if isinstance(item, SectionHeaderItem) else 1 if item.label == "title" else 0
    for number, (prov, text) in enumerate(zip(item.prov, texts, strict=True)):
        height = heights.get(prov.page_no)
        if height is None:
            continue
        yield PlacedItem(
            ref=item.self_ref,
            parent=item.parent.cref if item.parent else "",
            label=str(item.label.value),
            page=prov.page_no,
            box=_box(prov.bbox, height),
            text=text,
            level=level,
            part=number + 1,
            parts=len(item.prov),
            layer=str(item.content_layer.value),
            marker=item.marker if isinstance(item, ListItem) else "",
            link=str(item.hyperlink or "") if isinstance(item, TextItem) else "",
            as_drawn=as_drawn,
            cells=tuple(_cells(item, height)) if isinstance(item, TableItem) and number == 0 else (),
        )


def _text(item: DocItem) -> tuple[str, bool]:
    if isinstance(item, TextItem):
        return (item.text, False) if item.text else (item.orig, bool(item.orig))
    described = item.meta.description if isinstance(item, PictureItem) and item.meta else None
    return (described.text if described else ""), False


def _slices(text: str, spans: list[tuple[int, int]]) -> list[str]:
    """The parts of a text. Spans count in the text with its bullet or number, which stands apart."""
    if len(spans) < 2:
        return [text] * len(spans)
    ahead = max(0, spans[-1][1] - len(text))
    return [text[max(0, start - ahead) : max(0, end - ahead)] for start, end in spans]


def _box(box: BoundingBox, height: float) -> Box:
    top_left = box.to_top_left_origin(height)
    return Box(top_left.l, top_left.t, top_left.r, top_left.b)


def _cells(item: TableItem, height: float) -> Iterator[GridCell]:
    for cell in item.data.table_cells:
        yield GridCell(
            row=cell.start_row_offset_idx,
            col=cell.start_col_offset_idx,
            row_span=cell.end_row_offset_idx - cell.start_row_offset_idx,
            col_span=cell.end_col_offset_idx - cell.start_col_offset_idx,
            text=cell.text,
            header=cell.column_header or cell.row_header or cell.row_section,
            box=_box(cell.bbox, height) if cell.bbox else None,
        )
