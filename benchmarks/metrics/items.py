"""Boxes and labels of a DoclingDocument's items, on one footing for every metric."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import msgspec
from docling_core.types.doc import ContentLayer, DocItem, DoclingDocument, NodeItem
from docling_core.types.doc.labels import DocItemLabel

from docmill.pipeline.convert.types import Box

__all__ = ["PlacedItem", "coarse_class", "inside_picture", "normalised", "placed_items", "reading_ranks"]

_COARSE = {
    DocItemLabel.TEXT: "text",
    DocItemLabel.PARAGRAPH: "text",
    DocItemLabel.REFERENCE: "text",
    DocItemLabel.HANDWRITTEN_TEXT: "text",
    DocItemLabel.TITLE: "section_header",
    DocItemLabel.SECTION_HEADER: "section_header",
    DocItemLabel.LIST_ITEM: "list_item",
    DocItemLabel.CAPTION: "caption",
    DocItemLabel.TABLE: "table",
    DocItemLabel.DOCUMENT_INDEX: "table",
    DocItemLabel.PICTURE: "picture",
    DocItemLabel.CHART: "picture",
    DocItemLabel.PAGE_HEADER: "page_header",
    DocItemLabel.PAGE_FOOTER: "page_footer",
    DocItemLabel.FOOTNOTE: "footnote",
    DocItemLabel.FORMULA: "formula",
    DocItemLabel.CODE: "code",
}


class PlacedItem(msgspec.Struct, frozen=True):
    """One provenance box of an item: points, origin at the top left of its page."""

    ref: str
    page: int
    box: Box
    label: str  # coarse class
    in_picture: bool


def coarse_class(label: DocItemLabel) -> str:
    """The class under which labels are compared: titles are section headers, indexes are tables, ..."""
    return _COARSE.get(label, "other")


def normalised(text: str) -> str:
    """NFKC, with every run of white space as one space and none at the ends."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def inside_picture(document: DoclingDocument, item: NodeItem) -> bool:
    """True for what a picture contains: its descendants, without its captions, footnotes and references."""
    child = item
    while child.parent is not None:
        parent = child.parent.resolve(document)
        if parent.self_ref.startswith("#/pictures/"):
            beside = [*parent.captions, *parent.footnotes, *parent.references]
            return all(reference.cref != child.self_ref for reference in beside)
        child = parent
    return False


def placed_items(document: DoclingDocument) -> list[PlacedItem]:
    """Every provenance box of texts, tables, pictures, key-value and form items, of all content layers.

    A box on a page that the document does not list cannot be brought to the top left origin: it keeps its
    coordinates, where it will hardly match anything.
    """
    heights = {number: page.size.height for number, page in document.pages.items()}
    placed = []
    for item in _items(document):
        in_picture = inside_picture(document, item)
        for provenance in item.prov:
            bbox = provenance.bbox
            if provenance.page_no in heights:
                bbox = bbox.to_top_left_origin(heights[provenance.page_no])
            box = Box(min(bbox.l, bbox.r), min(bbox.t, bbox.b), max(bbox.l, bbox.r), max(bbox.t, bbox.b))
            placed.append(
                PlacedItem(item.self_ref, provenance.page_no, box, coarse_class(item.label), in_picture)
            )
    return placed


def _items(document: DoclingDocument) -> Iterator[DocItem]:
    yield from document.texts
    yield from document.tables
    yield from document.pictures
    yield from document.key_value_items
    yield from document.form_items
    yield from document.field_regions
    yield from document.field_items


def reading_ranks(document: DoclingDocument) -> dict[str, int]:
    """Place of each body item in reading order, by its reference."""
    items = document.iterate_items(included_content_layers={ContentLayer.BODY})
    return {item.self_ref: rank for rank, (item, _) in enumerate(items)}
