"""What the pages of a document have in common: body size, leading, and the lines that repeat in margins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from docmill.pipeline.convert.layout.blocks.leading import Pitches, stream_pitches, usual_pitches
from docmill.pipeline.convert.layout.blocks.text_rows import Face, Lettering, Row, text_rows
from docmill.pipeline.convert.layout.heading_faces import HeadingFaces
from docmill.pipeline.convert.layout.section_numbers import SectionNumbers
from docmill.pipeline.convert.types import PageContent, PageOcr

__all__ = [
    "DocumentStyle",
    "StyleCollector",
    "document_style",
    "furniture_heights",
    "furniture_key",
    "repeated_cells",
]

_MARGIN = 0.15  # of the page height: where furniture is looked for
_MAX_KEYS = 20_000  # distinct margin lines kept, so that memory stays bounded on any document
_MAX_FACES = 512
_MUCH = 0.2  # of the characters: more than a document's headings have
_MAX_PITCHES = 20_000
_EDGE = 0.06  # of a page's height: what is nearer to its ends says nothing of the text
_TYPED = 0.75  # of the characters: what a typed document has in monospaced type, letterhead and stamps apart
#: Lines of prose in other type, as a share of the typed ones and at least so many, that letterheads do not
#: have: a manual may be listings for the most part.
_PROSE_SHARE, _LEAST_PROSE = 0.08, 3
_PROSE_CHARS = 40
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"\b[ivxlc]{1,6}\b")


class DocumentStyle(msgspec.Struct, frozen=True, kw_only=True):
    """Typography shared by a document's pages. Sizes in points."""

    body_size: float = 10.0
    body_bold: bool = False
    body_italic: bool = False
    body_font: str = ""
    #: typed: nearly all of the text is monospaced, so that to be so says nothing of a line
    body_mono: bool = False
    #: size of the biggest running text, more than the body's where text comes in two sizes; 0: not known
    text_size: float = 0.0
    #: keys (see `furniture_key`) of lines that stand at one place on several pages
    furniture: tuple[str, ...] = ()
    #: usual distance between lines of a paragraph, by font size (0 for recognised text)
    leading: dict[float, float] = {}
    #: what headings are set in (see `heading_faces`): size, font, bold, italic, all in capitals
    headings: tuple[Lettering, ...] = ()
    #: by page, the first cells of lines whose numbers make a series (see `section_numbers`)
    sections: dict[int, tuple[int, ...]] = {}
    pages: int = 0
    #: titles of bookmarks by page (see `bookmarks.titles_by_page`)
    bookmarks: dict[int, tuple[str, ...]] = {}


def furniture_key(row: Row, height: float, *, exact: bool = False) -> str | None:
    """A margin line's identity across pages: its text without its numbers, and how far down it stands, in %.

    With its numbers when `exact`. None for a line that is not in the top or bottom margin and, when `exact`,
    for one without numbers.
    """
    if height <= 0:
        return None
    place = row.middle / height
    if _MARGIN < place < 1 - _MARGIN or not 0 <= place <= 1:
        return None
    text = row.text.casefold()
    if exact:
        return f"{round(place * 100):03}={' '.join(text.split())[:80]}" if _DIGITS.search(text) else None
    words = _ROMAN.sub("#", _DIGITS.sub("#", text)).split()
    # left pages begin with their number and right ones end with it
    inner = " ".join(words).strip("# ")
    return f"{round(place * 100):03}|{(inner or ' '.join(words))[:80]}"


def furniture_heights(style: DocumentStyle) -> frozenset[int]:
    """How far down the pages, in %, lines stand that come back."""
    return frozenset(int(key[:3]) for key in style.furniture)


def repeated_cells(rows: Iterable[Row], height: float, style: DocumentStyle) -> set[int]:
    """The first cells of margin lines that stand at the same place on other pages.

    What counts up from page to page and is larger than the text is none, but a heading: "Day 12".
    """
    if not style.furniture:
        return set()
    keys = frozenset(style.furniture)
    return {
        row.cells[0]
        for row in rows
        if furniture_key(row, height) in keys
        and (row.size <= 1.1 * style.body_size or furniture_key(row, height, exact=True) in {None, *keys})
    }


class StyleCollector:
    """Gathers a `DocumentStyle` one page at a time, in bounded memory."""

    def __init__(self) -> None:
        self._faces: Counter[Face] = Counter()
        self._listings: Counter[Face] = Counter()  # of them, what is monospaced
        self._edges: Counter[Face] = Counter()  # at the very head and foot
        self._margins: Counter[str] = Counter()
        self._pitches: Pitches = Counter()
        self._headings = HeadingFaces()
        self._sections = SectionNumbers()
        self._pages = 0
        self._chars = 0
        self._mono = 0
        self._lines = [0, 0]  # long ones in the middle of pages: of prose, and monospaced ones

    def add(self, page: PageContent, ocr: PageOcr | None = None) -> None:
        """Count one page, with its recognised text if there is any."""
        self._pages += 1
        seen: set[str] = set()
        rows = text_rows(page, ocr)
        if len(self._pitches) < _MAX_PITCHES:
            stream_pitches(self._pitches, rows)
        self._headings.add(rows)
        if page.height > 0:
            self._sections.add(page.number, rows, page.height)
        for row in rows:
            self._chars += row.chars
            self._mono += row.chars * row.mono
            if row.angle == 0 and (len(self._faces) < _MAX_FACES):
                # a short page may have more letters in its foot than in its text
                edge = page.height > 0 and not _EDGE < row.middle / page.height < 1 - _EDGE
                (self._edges if edge else self._faces)[row.face] += row.chars
                self._lines[row.mono] += not edge and row.chars >= _PROSE_CHARS
                if row.mono and not edge:
                    self._listings[row.face] += row.chars
            for exact in (False, True):
                key = furniture_key(row, page.height, exact=exact)
                if key is not None:
                    seen.add(key)
        for key in seen:
            if key in self._margins or len(self._margins) < _MAX_KEYS:
                self._margins[key] += 1

    def _is_typed(self) -> bool:
        """Whether the text is in monospaced type, rather than listings in it."""
        prose, typed = self._lines
        return self._mono >= _TYPED * self._chars and prose < max(_LEAST_PROSE, _PROSE_SHARE * typed)

    def _pages_with(self, key: str) -> int:
        """On how many pages a line stands, at its height or one that was rounded to the other side."""
        beside = max(self._margins[f"{int(key[:3]) + step:03}{key[3:]}"] for step in (-1, 1))
        return self._margins[key] + beside

    def style(self) -> DocumentStyle:
        """What the pages so far have in common."""
        counted = self._faces or self._edges
        if not counted:
            return DocumentStyle(pages=self._pages)
        # long listings are no body text, unless everything is monospaced
        prose = counted - self._listings
        faces = counted if self._is_typed() else prose or counted
        sizes: Counter[float] = Counter()
        for (size, *_), chars in faces.items():
            sizes[size] += chars
        # sizes half a point apart are one size, rounded differently
        body = max(
            sizes, key=lambda size: (sizes[size] + sizes[size - 0.5] * 0.5 + sizes[size + 0.5] * 0.5, size)
        )
        _, font, bold, italic = max(
            (face for face in faces if face[0] == body), key=lambda face: (faces[face], face)
        )
        much = [
            face[0]
            for face, chars in faces.items()
            if chars >= _MUCH * faces.total() and face[1:] == (font, bold, italic)
        ]
        needed = max(2, round(0.15 * self._pages))
        repeated = (key for key in self._margins if self._pages_with(key) >= needed)
        return DocumentStyle(
            body_size=body,
            body_bold=bold,
            body_italic=italic,
            body_font=font,
            text_size=max(much, default=body),
            body_mono=self._is_typed(),
            furniture=tuple(sorted(repeated)) if self._pages > 1 else (),
            headings=self._headings.found((body, font, bold, italic)),
            sections=self._sections.found((body, font, bold, italic)),
            leading=usual_pitches(self._pitches),
            pages=self._pages,
        )


def document_style(pages: Iterable[PageContent]) -> DocumentStyle:
    """The style that `pages` share; they are read once, one at a time."""
    collector = StyleCollector()
    for page in pages:
        collector.add(page)
    return collector.style()
