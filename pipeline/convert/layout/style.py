"""What the pages of a document have in common: body size, leading, and the lines that repeat in margins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from docmill.pipeline.convert.layout.blocks.leading import Pitches, stream_pitches, usual_pitches
from docmill.pipeline.convert.layout.blocks.text_rows import Row, text_rows
from docmill.pipeline.convert.types import PageContent, PageOcr

__all__ = ["DocumentStyle", "StyleCollector", "document_style", "furniture_key"]

_MARGIN = 0.15  # of the page height: where furniture is looked for
_MAX_KEYS = 20_000  # distinct margin lines kept, so that memory stays bounded on any document
_MAX_FACES = 512
_MAX_PITCHES = 20_000
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"\b[ivxlc]{1,6}\b")


class DocumentStyle(msgspec.Struct, frozen=True, kw_only=True):
    """Typography shared by a document's pages. Sizes in points."""

    body_size: float = 10.0
    body_bold: bool = False
    body_italic: bool = False
    body_font: str = ""
    #: keys (see `furniture_key`) of lines that stand at one place on several pages
    furniture: tuple[str, ...] = ()
    #: usual distance between lines of a paragraph, by font size (0 for recognised text)
    leading: dict[float, float] = {}
    pages: int = 0


def furniture_key(row: Row, height: float) -> str | None:
    """A margin line's identity across pages: its text without its numbers, and how far down it stands.

    None for a line that is not in the top or bottom margin.
    """
    if height <= 0:
        return None
    place = row.middle / height
    if _MARGIN < place < 1 - _MARGIN:
        return None
    text = _ROMAN.sub("#", _DIGITS.sub("#", row.text.casefold()))
    return f"{round(place * 100)}|{' '.join(text.split())[:80]}"


class StyleCollector:
    """Gathers a `DocumentStyle` one page at a time, in bounded memory."""

    def __init__(self) -> None:
        self._faces: Counter[tuple[float, str, bool, bool]] = Counter()
        self._margins: Counter[str] = Counter()
        self._pitches: Pitches = Counter()
        self._pages = 0

    def add(self, page: PageContent, ocr: PageOcr | None = None) -> None:
        """Count one page, with its recognised text if there is any."""
        self._pages += 1
        seen: set[str] = set()
        rows = text_rows(page, ocr)
        if len(self._pitches) < _MAX_PITCHES:
            stream_pitches(self._pitches, rows)
        for row in rows:
            if row.angle == 0 and (len(self._faces) < _MAX_FACES):
                self._faces[(row.size, row.font, row.bold, row.italic)] += row.chars
            key = furniture_key(row, page.height)
            if key is not None:
                seen.add(key)
        for key in seen:
            if key in self._margins or len(self._margins) < _MAX_KEYS:
                self._margins[key] += 1

    def style(self) -> DocumentStyle:
        """What the pages so far have in common."""
        if not self._faces:
            return DocumentStyle(pages=self._pages)
        sizes: Counter[float] = Counter()
        for (size, *_), chars in self._faces.items():
            sizes[size] += chars
        # sizes half a point apart are one size, rounded differently
        body = max(
            sizes, key=lambda size: (sizes[size] + sizes[size - 0.5] * 0.5 + sizes[size + 0.5] * 0.5, size)
        )
        _, font, bold, italic = max(
            (face for face in self._faces if face[0] == body), key=lambda face: (self._faces[face], face)
        )
        needed = max(2, round(0.15 * self._pages))
        repeated = (key for key, count in self._margins.items() if count >= needed)
        return DocumentStyle(
            body_size=body,
            body_bold=bold,
            body_italic=italic,
            body_font=font,
            furniture=tuple(sorted(repeated)) if self._pages > 1 else (),
            leading=usual_pitches(self._pitches),
            pages=self._pages,
        )


def document_style(pages: Iterable[PageContent]) -> DocumentStyle:
    """The style that `pages` share; they are read once, one at a time."""
    collector = StyleCollector()
    for page in pages:
        collector.add(page)
    return collector.style()
