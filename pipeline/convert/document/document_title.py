"""The title of a document: the one heading of the first page that is set larger than all others.

docling's layout post-processing makes section headers of titles, so it is told again here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.document import SectionHeaderItem, TitleItem

from docmill.pipeline.convert.document.docling_stages import PageParts, page_lines
from docmill.pipeline.convert.layout.blocks.markers import SECTION_NUMBER
from docmill.pipeline.convert.layout.labels.headings import is_usual
from docmill.pipeline.convert.types import TextCell, Word

__all__ = ["DocumentTitle"]

_LARGER = 1.2  # times as large as the text
_LARGEST = 1.07  # times as large as any other heading of its page
_UPPER = 0.6  # of the page's height
_MOST_CHARS = 300


class DocumentTitle:
    """Remembers the headings of the first page, then makes the title of one of them."""

    def __init__(self) -> None:
        self._sizes: dict[tuple[float, float], float] = {}  # of headings, by their boxes' left and top edges
        self._text = 0.0  # of most of the page's characters

    def add(self, page: PageParts) -> None:
        """Look at a page; all but the first are passed over."""
        if page.content.number != 1:
            return
        lines = page_lines(page.content, page.ocr)
        words = page.content.words
        sizes: Counter[float] = Counter()
        for line in lines:
            sizes[_size(line, words)] += len(line.text)
        self._text = max(sizes, key=lambda size: sizes[size], default=0.0)
        for region in page.layout.clusters:
            if region.label == "section_header" and region.cells:
                key = (round(region.box.l, 1), round(region.box.t, 1))
                self._sizes[key] = max(_size(lines[cell], words) for cell in region.cells)

    def restore(self, document: DoclingDocument) -> None:
        """Make a title of the heading that is one, in place, where the document has others besides."""
        headings = [
            (number, item)
            for number, item in enumerate(document.texts)
            if isinstance(item, SectionHeaderItem)
        ]
        found: list[tuple[float, int, SectionHeaderItem]] = []
        for number, item in headings:
            if len(item.prov) != 1 or item.prov[0].page_no != 1:
                continue
            height = document.pages[1].size.height
            box = item.prov[0].bbox.to_top_left_origin(height)
            size = self._sizes.get((round(box.l, 1), round(box.t, 1)))
            if size is not None:
                found.append((size if box.t < _UPPER * height else 0.0, number, item))
        if len(headings) < 2 or not found:
            return
        found.sort(key=lambda entry: -entry[0])
        size, number, item = found[0]
        second = max((other for other, *_ in found[1:]), default=0.0)
        if size < _LARGER * self._text or size < _LARGEST * second or not _names(item.text):
            return
        document.texts[number] = TitleItem(
            self_ref=item.self_ref,
            parent=item.parent,
            children=item.children,
            content_layer=item.content_layer,
            prov=item.prov,
            orig=item.orig,
            text=item.text,
            formatting=item.formatting,
            hyperlink=item.hyperlink,
        )
        _raise_sections([other for _, other in headings if other is not item])


def _raise_sections(headings: Sequence[SectionHeaderItem]) -> None:
    """Sections under a title begin at level 1: docling counts a title as none."""
    over = min(heading.level for heading in headings) - 1
    for heading in headings:
        heading.level -= over


def _size(line: TextCell, words: list[Word]) -> float:
    """The type size of a line, to half a point; of recognised text its height."""
    if line.ocr or not line.count:
        return round(line.box.height * 2) / 2
    return round(max(word.size for word in words[line.first : line.first + line.count]) * 2) / 2


def _names(text: str) -> bool:
    """True for words that may name a document rather than a part of it."""
    return len(text) <= _MOST_CHARS and not is_usual(text) and SECTION_NUMBER.match(text) is None
