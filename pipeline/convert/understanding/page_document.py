"""What a model answered about one page, as a document of that page that fits among assembled ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from docling_core.types.doc import BoundingBox, CoordOrigin, DocItem, DoclingDocument, ProvenanceItem
from docling_core.types.doc.document import FloatingItem, TextItem

from docmill.pipeline.convert.errors import AnswerEmptyError, AnswerUnparsableError
from docmill.pipeline.convert.understanding.doctags import doctags_document
from docmill.pipeline.convert.understanding.markdown import markdown_document

__all__ = ["answer_document"]

_LOADERS: Mapping[str, Callable[[str, float, float], DoclingDocument]] = MappingProxyType(
    {"doctags": doctags_document, "markdown": markdown_document}
)


def answer_document(text: str, format_: str, number: int, width: float, height: float) -> DoclingDocument:
    """A document whose one page is page `number`, of `width` x `height` points.

    As in documents that docling assembles, boxes are points from the bottom left and captions belong to
    their table or picture. An item that the model gave no box has the whole page for one. Raises
    `AnswerUnparsableError`, or `AnswerEmptyError` when there is no item in it.
    """
    try:
        document = _LOADERS[format_](text, width, height)
    except ValueError as error:
        raise AnswerUnparsableError(f"the model's answer for page {number}: {error}", page=number) from error
    items: list[DocItem] = [*document.texts, *document.tables, *document.pictures, *document.key_value_items]
    if not any(not isinstance(item, TextItem) or item.text.strip() for item in items):
        raise AnswerEmptyError(f"the model's answer for page {number} has no content", page=number)
    page = document.pages.pop(1)
    page.page_no = number
    document.pages[number] = page
    _own_captions(document)
    for item in items:
        if not item.prov:
            length = len(item.text) if isinstance(item, TextItem) else 0
            item.prov.append(ProvenanceItem(page_no=1, bbox=_whole(width, height), charspan=(0, length)))
        for prov in item.prov:
            prov.page_no = number
            prov.bbox = prov.bbox.to_bottom_left_origin(height)
    return document


def _whole(width: float, height: float) -> BoundingBox:
    return BoundingBox(l=0.0, t=0.0, r=width, b=height, coord_origin=CoordOrigin.TOPLEFT)


def _own_captions(document: DoclingDocument) -> None:
    """Make captions children of what they are captions of; docling-core leaves them in the body."""
    for item in (*document.tables, *document.pictures):
        _adopt(document, item)


def _adopt(document: DoclingDocument, item: FloatingItem) -> None:
    for reference in item.captions:
        caption = reference.resolve(document)
        if caption.parent is not None and caption.parent.cref != item.self_ref:
            caption.parent.resolve(document).children.remove(reference)
            caption.parent = item.get_ref()
            item.children.append(reference)
