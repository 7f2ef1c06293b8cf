"""From the DocTags of one page to a document of that page, by docling-core's own loader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docling_core.types.doc import BoundingBox, DoclingDocument, ProvenanceItem
from docling_core.types.doc.document import DocTagsDocument
from PIL import Image

__all__ = ["doctags_document", "flat_lists", "real_boxes"]

#: Units of DocTags' boxes across a page, and down it.
_GRID = 500
#: Two, because positions are turned into pixels by rounding down.
_LEAST = 2
_BOX = re.compile(r"<loc_(\d+)><loc_(\d+)><loc_(\d+)><loc_(\d+)>")
_PICTURE = re.compile(r"(<(?:picture|chart)>)(?!<loc_)")
_LIST_TAG = re.compile(r"<(/?)((?:un)?ordered_list|list_item)>")


def doctags_document(text: str, width: float, height: float) -> DoclingDocument:
    """A document of one page, number 1, of `width` x `height` points; boxes in points, from the top left.

    Items that the model gave no box have no provenance yet. Raises ValueError for what docling-core cannot
    load.
    """
    # docling-core wants an image; one of the size of DocTags' grid gives whole numbers, exactly
    grid = Image.new("1", (_GRID, _GRID))
    tags = DocTagsDocument.from_doctags_and_image_pairs([real_boxes(flat_lists(text))], [grid])
    try:
        document: DoclingDocument = DoclingDocument.load_from_doctags(tags, document_name="page")
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"docling-core cannot load it: {type(error).__name__}: {error}") from error
    for prov in _provenances(document):
        box = prov.bbox
        prov.bbox = BoundingBox(
            l=_share(box.l) * width,
            t=_share(box.t) * height,
            r=_share(box.r) * width,
            b=_share(box.b) * height,
            coord_origin=box.coord_origin,
        )
    page = document.pages[1]
    page.image = None
    for picture in document.pictures:
        picture.image = None
    page.size.width, page.size.height = width, height
    return document


def real_boxes(text: str) -> str:
    """The DocTags with boxes that have an area: docling-core cuts pictures out, and cannot cut out nothing.

    Corners are put in order, and a picture without a box gets the whole page: it would be lost.
    """
    text = _PICTURE.sub(rf"\1<loc_0><loc_0><loc_{_GRID}><loc_{_GRID}>", text)
    return _BOX.sub(lambda match: _real_box(*(min(int(n), _GRID) for n in match.groups())), text)


def _real_box(l: int, t: int, r: int, b: int) -> str:  # noqa: E741 - docling's own name
    (l, r), (t, b) = sorted((l, r)), sorted((t, b))  # noqa: E741
    if r - l < _LEAST:
        l, r = min(l, _GRID - _LEAST), min(l, _GRID - _LEAST) + _LEAST  # noqa: E741
    if b - t < _LEAST:
        t, b = min(t, _GRID - _LEAST), min(t, _GRID - _LEAST) + _LEAST
    return f"<loc_{l}><loc_{t}><loc_{r}><loc_{b}>"


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


def _share(position: float) -> float:
    """A position on the grid as a share of the page."""
    return min(max(position / _GRID, 0.0), 1.0)
