"""Whether the text of every page is in the document: letters and digits, counted.

Other characters do not count: bullets, leaders, hyphens at line ends and quotation marks are rewritten on
their way. Counting knows no order: a paragraph that moved is not lost, nor is a word that stands twice in
place of another one of the same letters.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from docling_core.types.doc import (
    ContentLayer,
    DocItem,
    DocItemLabel,
    DoclingDocument,
    PictureItem,
    TableItem,
    TextItem,
)

from docmill.pipeline.convert.document.docling_stages import PageParts, page_lines

__all__ = ["PageBalance", "PageCount", "balance", "characters"]


class PageBalance(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of the letters and digits of a page.

    `read` of its text layer and by OCR. Of these `furniture` is in headers and footers, `formulas` in such
    formulas as have no notation, and `pictures` inside pictures, which Markdown has not. `lost` is nowhere in
    the document; all others are in its body. `left_out` is what was not taken, by `LeftOut`.
    """

    page: int
    read: int = 0
    furniture: int = 0
    formulas: int = 0
    pictures: int = 0
    lost: int = 0
    left_out: dict[str, int] = {}

    @property
    def in_pictures(self) -> bool:
        """Whether more than half of its text is inside pictures."""
        return 2 * self.pictures > self.read


@dataclass
class PageCount:
    """The letters and digits that were read on a page, and how many were left out, by `LeftOut`."""

    read: Counter[str]
    left_out: Mapping[str, int]

    @classmethod
    def of(cls, parts: PageParts) -> PageCount:
        """Those of the text layer and of OCR."""
        text = "".join(cell.text for cell in page_lines(parts.content, parts.ocr))
        return cls(characters(text), parts.content.left_out)


def characters(text: str) -> Counter[str]:
    """The letters and digits of `text`, ligatures and other compatibility forms taken apart."""
    return _counted(_apart(text))


def _apart(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _counted(text: str) -> Counter[str]:
    return Counter({char: count for char, count in Counter(text).items() if char.isalnum()})


def balance(pages: Mapping[int, PageCount], document: DoclingDocument) -> list[PageBalance]:
    """The balance of each of `pages`, by page number, in order."""
    own: dict[int, list[str]] = defaultdict(list)  # counted at once: to add up counts takes longer
    shared: dict[int, list[Counter[str]]] = defaultdict(list)  # what runs on over pages counts on any of them
    heads: dict[int, list[Counter[str]]] = defaultdict(list)  # a table's, once of all pages that repeat them
    parts: dict[str, Counter[int]] = {"furniture": Counter(), "formulas": Counter(), "pictures": Counter()}
    inside = _inside_pictures(document)
    for item in (*document.texts, *document.tables):
        text = _apart(_text(item))
        numbers = {place.page_no for place in item.prov}
        if len(numbers) == 1:
            (number,) = numbers
            own[number].append(text)
            if part := _part(item, inside):
                parts[part][number] += sum(map(str.isalnum, text))
            continue
        counted = _counted(text)
        for number in numbers:
            shared[number].append(counted)
            if number > min(numbers) and isinstance(item, TableItem):
                heads[number].append(characters(_heads(item)))
    return [
        PageBalance(
            page=number,
            read=count.read.total(),
            **{part: numbers[number] for part, numbers in parts.items()},
            lost=_lost(count.read - _counted("".join(own[number])), shared[number], heads[number]),
            left_out=dict(count.left_out),
        )
        for number, count in sorted(pages.items())
    ]


def _part(item: DocItem, inside: set[str]) -> str:
    """The part of the document that is not its body."""
    if item.self_ref in inside:
        return "pictures"
    if item.content_layer == ContentLayer.FURNITURE:
        return "furniture"
    return "formulas" if item.label == DocItemLabel.FORMULA and not getattr(item, "text", "") else ""


def _lost(lacking: Counter[str], shared: Iterable[Counter[str]], heads: Iterable[Counter[str]] = ()) -> int:
    for text in heads:
        if text <= lacking:
            lacking -= text
    for text in shared:
        found = lacking & text
        lacking -= found
        text.subtract(found)
    return lacking.total()


def _text(item: DocItem) -> str:
    if isinstance(item, TableItem):
        return "".join(cell.text for cell in item.data.table_cells)
    if not isinstance(item, TextItem):
        return ""
    # a formula's text is in `orig` alone; a list item's number in its marker
    text = item.text or item.orig
    return f"{getattr(item, 'marker', '') or ''}{text}"


def _heads(table: TableItem) -> str:
    """The text of the column heads, or of the first row."""
    return "".join(
        cell.text for cell in table.data.table_cells if cell.column_header or cell.start_row_offset_idx == 0
    )


def _inside_pictures(document: DoclingDocument) -> set[str]:
    """References of the texts inside pictures, their captions left out."""
    found: set[str] = set()
    for picture in document.pictures:
        outside = {ref.cref for ref in (*picture.captions, *picture.footnotes, *picture.references)}
        waiting = [ref for ref in picture.children if ref.cref not in outside]
        while waiting:
            ref = waiting.pop()
            if ref.cref not in found:
                found.add(ref.cref)
                child = ref.resolve(document)
                waiting += [] if isinstance(child, PictureItem) else child.children
    return found
