"""From the DocTags of one page to a document of that page, by docling-core's own loader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docling_core.types.doc import BoundingBox, DoclingDocument, ProvenanceItem
from docling_core.types.doc.document import DocTagsDocument

__all__ = ["doctags_document", "flat_lists"]

_LIST_TAG = re.compile(r"<(/?)((?:un)?ordered_list|list_item)>")


def doctags_document(text: str, width: float, height: float) -> DoclingDocument:
    """A document of one page, number 1, of `width` x `height` points; boxes in points, from the top left.

    Items that the model gave no box have no provenance yet. Raises ValueError for what docling-core cannot
    load.
    """
    tags = DocTagsDocument.from_doctags_and_image_pairs([flat_lists(text)], None)
    try:
        # without an image docling-core gives boxes as shares of the page: exact, where pixels are rounded
        document: DoclingDocument = DoclingDocument.load_from_doctags(tags, document_name="page")
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"docling-core cannot load it: {type(error).__name__}: {error}") from error
    for prov in _provenances(document):
        box = prov.bbox
        prov.bbox = BoundingBox(
            l=_clamped(box.l) * width,
            t=_clamped(box.t) * height,
            r=_clamped(box.r) * width,
            b=_clamped(box.b) * height,
            coord_origin=box.coord_origin,
        )
    page = document.pages[1]
    page.size.width, page.size.height = width, height
    return document


def flat_lists(text: str) -> str:
    """The DocTags with the items of nested lists moved into the outermost one.

    docling-core's loader takes a nested list for text of the item around it. Where items stand tells how
    they nest.
    """
    pieces: list[str] = []
    open_lists: list[str] = []
    position, item_open = 0, False
    for match in _LIST_TAG.finditer(text):
        closing, tag = match[1] == "/", match[2]
        between = text[position : match.start()]
        position = match.end()
        # what stands between the items of a list is white space, or lost
        pieces.append(between if item_open or not open_lists else "")
        if tag == "list_item":
            if closing != item_open and open_lists:
                continue  # it was closed already, where the nested list began
            pieces.append(match[0])
            item_open = not closing
        elif not closing:
            if item_open:
                _close_item(pieces)
                item_open = False
            if not open_lists:
                pieces.append(match[0])
            open_lists.append(tag)
        elif open_lists:
            outermost = open_lists[0]
            open_lists.pop()
            if not open_lists:
                pieces.append(f"</{outermost}>")
    pieces.append(text[position:])
    return "".join(pieces)


def _close_item(pieces: list[str]) -> None:
    """End the item before a nested list; one that holds nothing else is taken back."""
    start = max(index for index, piece in enumerate(pieces) if piece == "<list_item>")
    if "".join(pieces[start + 1 :]).strip():
        pieces.append("</list_item>")
    else:
        del pieces[start:]


def _provenances(document: DoclingDocument) -> Iterator[ProvenanceItem]:
    for items in (document.texts, document.tables, document.pictures, document.key_value_items):
        for item in items:
            yield from item.prov


def _clamped(share: float) -> float:
    return min(max(share, 0.0), 1.0)
