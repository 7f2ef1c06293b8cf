"""How headings are set: size, weight, slant and capitals of each, from most to least prominent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.document import SectionHeaderItem

from docmill.pipeline.convert.document.docling_stages import PageParts, page_lines
from docmill.pipeline.convert.types import Font, Word

__all__ = ["HeadingLooks", "Look", "ranks"]

_LABELS = frozenset({"section_header", "title"})
_MOST = 0.6  # of the characters
_SAME = 0.04  # by which sizes that are one differ, as a part of the bigger
_SAME_OCR = 0.18  # the same of recognised lines, whose sizes are estimates
_ACRONYM = 5  # characters of a heading that is in capitals whatever the others are


@dataclass(frozen=True, slots=True)
class Look:
    """What makes headings alike. `size` is in points."""

    size: float
    bold: bool
    italic: bool
    capitals: bool
    ocr: bool

    @property
    def _key(self) -> tuple[bool, bool, bool]:
        return self.bold, not self.italic, self.capitals


class HeadingLooks:
    """Collects the looks of the headings of pages, then says what each of the document's is."""

    def __init__(self) -> None:
        self._looks: dict[tuple[int, float, float], Look] = {}

    def add(self, page: PageParts) -> None:
        """Remember the headings of one page."""
        lines = page_lines(page.content, page.ocr)
        for region in page.layout.clusters:
            if region.label not in _LABELS or not region.cells:
                continue
            words: list[Word] = []
            for line in (lines[cell] for cell in region.cells):
                source = page.ocr.words if line.ocr and page.ocr else page.content.words
                words += source[max(0, line.first) : max(0, line.first + line.count)]
            key = (page.content.number, round(region.box.l, 1), round(region.box.t, 1))
            self._looks[key] = _look(words, page.content.fonts, ocr=lines[region.cells[0]].ocr)

    def of(self, document: DoclingDocument) -> dict[int, Look]:
        """By the place of each heading among the document's headings; not those that pages did not have."""
        found: dict[int, Look] = {}
        acronyms: set[int] = set()
        headings = [item for item in document.texts if isinstance(item, SectionHeaderItem)]
        for number, item in enumerate(headings):
            if not item.prov:
                continue
            place = item.prov[0]
            box = place.bbox.to_top_left_origin(document.pages[place.page_no].size.height)
            look = self._looks.get((place.page_no, round(box.l, 1), round(box.t, 1)))
            if look is not None:
                found[number] = look
                if look.capitals and len(item.text) <= _ACRONYM:
                    acronyms.add(number)
        return found | _as_others(found, acronyms)


def _as_others(looks: Mapping[int, Look], acronyms: Collection[int]) -> dict[int, Look]:
    """The looks of headings such as `API`: those of others that may differ in capitals alone."""
    others = {look for number, look in looks.items() if number not in acronyms}
    return {
        number: twin
        for number in acronyms
        if looks[number] not in others and (twin := replace(looks[number], capitals=False)) in others
    }


def ranks(looks: Iterable[Look]) -> Mapping[Look, int]:
    """Looks in order of how prominent they are, from 0: by size, then weight, slant and capitals.

    Sizes that hardly differ are one. Those that are equal in all have one rank.
    """
    ordered = sorted(set(looks), key=lambda look: -look.size)
    sizes: dict[Look, int] = {}
    cluster, biggest = 0, ordered[0].size if ordered else 0.0
    for look in ordered:
        if biggest - look.size > (_SAME_OCR if look.ocr else _SAME) * biggest:
            cluster, biggest = cluster + 1, look.size
        sizes[look] = cluster
    keys = {look: (sizes[look], *(not value for value in look._key)) for look in ordered}
    places = {key: place for place, key in enumerate(sorted(set(keys.values())))}
    return {look: places[key] for look, key in keys.items()}


def _look(words: Iterable[Word], fonts: list[Font], *, ocr: bool) -> Look:
    sizes: Counter[float] = Counter()
    bold = italic = 0
    letters = ""
    for word in words:
        count = len(word.text)
        sizes[round(word.size * 2) / 2] += count
        if 0 <= word.font < len(fonts):
            bold += count * fonts[word.font].bold
            italic += count * fonts[word.font].italic
        letters += "".join(filter(str.isalpha, word.text))
    total = sizes.total()
    return Look(
        size=max(sizes, key=lambda size: (sizes[size], size), default=0.0),
        bold=bold > _MOST * total,
        italic=italic > _MOST * total,
        capitals=letters.isupper(),
        ocr=ocr,
    )
