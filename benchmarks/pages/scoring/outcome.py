"""What docmill made of a document, flat: its items in the order of reading, with their places."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from docling_core.types.doc import (
    BoundingBox,
    ContentLayer,
    DoclingDocument,
    ListItem,
    PictureItem,
    SectionHeaderItem,
    TableItem,
    TextItem,
)

from benchmarks.pages.truth import TruthLine
from docmill.pipeline.convert.types import Box

__all__ = ["Item", "OutcomeCell", "items_of", "letters", "place_lines"]

#: docling's labels in the words of this benchmark; a label that is not here stands for itself.
_ROLES = {
    "title": "heading",
    "section_header": "heading",
    "text": "paragraph",
    "paragraph": "paragraph",
    "reference": "paragraph",
    "document_index": "contents",
    "page_header": "furniture",
    "page_footer": "furniture",
}
_SLACK = 1.5
_LEAST_SHARE = 0.3


@dataclass(frozen=True)
class OutcomeCell:
    """A cell of a table: its first row and column, and the ones after its last."""

    row: int
    column: int
    end_row: int
    end_column: int
    text: str


@dataclass(frozen=True)
class Item:
    """An item of the document; `places` are pages (from 1) and boxes in points from the top left."""

    order: int
    role: str
    level: int
    text: str
    places: tuple[tuple[int, Box], ...]
    cells: tuple[OutcomeCell, ...] = ()

    @cached_property
    def letters(self) -> str:
        """Its letters and digits."""
        return letters(self.text)


def letters(text: str) -> str:
    """Letters and digits alone, small: what must be the same however it is set and written."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def items_of(document: DoclingDocument) -> list[Item]:
    """Texts, tables and pictures, running heads and feet too, in the order of reading."""
    layers = {ContentLayer.BODY, ContentLayer.FURNITURE}
    heights = {number: page.size.height for number, page in document.pages.items()}
    pictures = {picture.self_ref for picture in document.pictures}
    found: list[Item] = []
    for item, _ in document.iterate_items(traverse_pictures=True, included_content_layers=layers):
        if not isinstance(item, TextItem | TableItem | PictureItem):
            continue
        places = tuple(
            (place.page_no, _box(place.bbox.to_top_left_origin(heights[place.page_no])))
            for place in item.prov
            if place.page_no in heights
        )
        role = _ROLES.get(item.label.value, item.label.value)
        if isinstance(item, TextItem) and item.parent and item.parent.cref in pictures and role != "caption":
            role = "picture"
        level = item.level if isinstance(item, SectionHeaderItem) else 0
        text, cells = "", tuple[OutcomeCell, ...]()
        if isinstance(item, TextItem):
            text = f"{item.marker} {item.text}" if isinstance(item, ListItem) else item.text
        elif isinstance(item, TableItem):
            cells = tuple(
                OutcomeCell(
                    cell.start_row_offset_idx,
                    cell.start_col_offset_idx,
                    cell.end_row_offset_idx,
                    cell.end_col_offset_idx,
                    cell.text,
                )
                for cell in item.data.table_cells
            )
            text = " ".join(cell.text for cell in cells)
        found.append(Item(len(found), role, level, text, places, cells))
    return found


def place_lines(lines: list[TruthLine], items: list[Item]) -> list[Item | None]:
    """The item that each line became part of: the smallest there, if one can be that has its letters."""
    by_page: dict[int, list[tuple[Box, Item]]] = defaultdict(list)
    for item in items:
        for page, box in item.places:
            by_page[page].append((box, item))
    return [_item_of(line, by_page[line.page]) for line in lines]


def _item_of(line: TruthLine, there: list[tuple[Box, Item]]) -> Item | None:
    x, y = (line.box.l + line.box.r) / 2, (line.box.t + line.box.b) / 2
    centre = Box(x, y, x, y)
    around = [found for found in there if _holds(found[0].padded(_SLACK), centre)]
    if not around:
        around = [found for found in there if line.box.inside(found[0]) > _LEAST_SHARE]
    if not around:
        return None
    wanted = letters(line.text)
    return min(around, key=lambda found: (wanted not in found[1].letters, found[0].area))[1]


def _holds(box: Box, other: Box) -> bool:
    return box.l <= other.l and box.t <= other.t and box.r >= other.r and box.b >= other.b


def _box(box: BoundingBox) -> Box:
    return Box(box.l, box.t, box.r, box.b)
