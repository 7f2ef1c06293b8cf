"""Lines of a table with the columns that their texts stand in, and which texts are numbers."""

from __future__ import annotations

import re

import msgspec

from docmill.pipeline.convert.tables.geometry.textlines import Chunk, TextLine, hull

__all__ = ["YEAR", "PlacedLine", "is_numeric"]

_NUMERIC = re.compile(r"[<>≤≥≈~∼]?[\s\d.,:%$€£¥()+\-–—−±×*/'’]+")
#: A year, or a business year: numeric, yet a heading.
YEAR = re.compile(r"(?:FY\s*)?(?:19|20)\d\d(?:[-–/]\d\d(?:\d\d)?)?")


class PlacedLine(msgspec.Struct, frozen=True):
    """A line's chunks with the columns they cover, first and last."""

    line: TextLine
    placed: list[tuple[int, int, Chunk]]

    @property
    def middle(self) -> float:
        """Its height on the page, half way between top and bottom."""
        return (self.line.box.t + self.line.box.b) / 2

    def columns(self) -> set[int]:
        """All columns that hold text of this line."""
        return {column for first, last, _ in self.placed for column in range(first, last + 1)}

    def texts(self) -> dict[int, Chunk]:
        """By column, the text of this line that stands in that column alone."""
        found: dict[int, list[Chunk]] = {}
        for first, last, chunk in self.placed:
            if first == last:
                found.setdefault(first, []).append(chunk)
        return {column: _united(chunks) for column, chunks in found.items()}

    def spans(self) -> bool:
        """Whether one of its texts lies over several columns."""
        return any(first != last for first, last, _ in self.placed)


def _united(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    words = [word for chunk in chunks for word in chunk.words]
    return Chunk(words, hull(words))


def is_numeric(text: str) -> bool:
    """True for a number with its signs, a limit, range, percentage, date in figures; or a dash for none."""
    return _NUMERIC.fullmatch(text) is not None
