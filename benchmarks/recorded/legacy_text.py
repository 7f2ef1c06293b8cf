"""Text as docling's parser wrote it before docling-parse 7.21, in docling before 2.131.

That parser made text cells of neighbouring characters of one font: it joined those that lie within a
character's average width of each other, and wrote a space where the distance exceeds a third of it. docling
then puts a space between cells. An encoded space is a character too, so widely set lines got a second one;
a comma in another font than the word before it stands alone. Curly double quotes became single ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from docmill.pipeline.convert.engines import PageReader
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.pdf.text.glyphs import Glyphs
from docmill.pipeline.convert.pdf.text.pieces import Piece
from docmill.pipeline.convert.pdf.text.script import fold
from docmill.pipeline.convert.pdf.text.words import TextContent, build_text
from docmill.pipeline.convert.types import PageContent

__all__ = ["LegacyText"]

#: Neighbours within so many average character widths are joined, and parted by a space from here on:
#: docling-parse's `line_space_width_factor_for_merge` and `..._with_space`.
JOINED = 1.0
PARTED = 0.33
#: Double quotation marks, but for the one of ASCII.
_QUOTES = frozenset("\u201c\u201d\u201e")


@dataclass(frozen=True)
class _Cell:
    """Characters joined so far, upright and from left to right."""

    text: str
    left: float
    right: float
    first: tuple[float, float]  # top and bottom of the first character
    last: tuple[float, float]  # ... and of the last
    font: int

    @property
    def character_width(self) -> float:
        return (self.right - self.left) / len(self.text)


@dataclass(frozen=True)
class LegacyText(PageReader):
    """Reads pages as docmill does, and writes their text as that parser did."""

    def identity(self) -> dict[str, Any]:
        """That it was written so."""
        return {"legacy_text": True}

    def prepare(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        """There is nothing to fetch."""

    def read(self, pdf: Pdf, number: int, document: str) -> PageContent:
        """The page's content. Raises `PageError`."""
        return read_page(pdf, number, _build)


def _build(glyphs: Glyphs) -> TextContent:
    return build_text(_with_legacy_quotes(glyphs), _legacy_line)


def _legacy_line(words: Sequence[Sequence[Piece]], glyphs: Glyphs) -> str:
    """The text of an upright line of left-to-right words."""
    cells: list[_Cell] = []
    for pieces in words:
        for piece in pieces:
            cells += _characters(piece, glyphs)
        cells += _space(pieces[-1], glyphs)
    # docling-parse goes over a line three times
    cells = _from_right(_from_left(cells))
    return " ".join(text for cell in _from_left(cells) if (text := fold(cell.text).strip()))


def _with_legacy_quotes(glyphs: Glyphs) -> Glyphs:
    """The glyphs, their double quotation marks single."""
    if _QUOTES.isdisjoint(glyphs.text):
        return glyphs
    return replace(glyphs, text=["'" if char in _QUOTES else char for char in glyphs.text])


def _characters(piece: Piece, glyphs: Glyphs) -> list[_Cell]:
    """One for each glyph; the characters of a ligature share theirs."""
    cells: list[_Cell] = []
    for i in range(piece.first, piece.last):
        left, top, right, bottom = glyphs.box[i].tolist()
        text = glyphs.text[i]
        if cells and (cells[-1].left, cells[-1].right) == (left, right):
            text = cells.pop().text + text
        cells.append(_Cell(text, left, right, (top, bottom), (top, bottom), int(glyphs.subset[i])))
    return cells


def _space(piece: Piece, glyphs: Glyphs) -> list[_Cell]:
    """The encoded space behind a piece, if there is one."""
    i = piece.last - 1
    _, top, right, bottom = glyphs.box[i].tolist()
    width = float(glyphs.after[i, 1] - glyphs.stop[i])
    if width <= 0:
        return []
    return [_Cell(" ", right, right + width, (top, bottom), (top, bottom), int(glyphs.subset[i]))]


def _from_left(cells: Sequence[_Cell]) -> list[_Cell]:
    """Each cell takes in those to its right, by its own character width."""
    done = list(cells[:1])
    for cell in cells[1:]:
        width = done[-1].character_width
        if _adjacent(done[-1], cell, width):
            done[-1] = _joined(done[-1], cell, width)
        else:
            done.append(cell)
    return done


def _from_right(cells: Sequence[_Cell]) -> list[_Cell]:
    """Each cell is taken in by the one to its left, by its own character width."""
    done = list(cells[-1:])
    for cell in reversed(cells[:-1]):
        width = done[-1].character_width
        if _adjacent(cell, done[-1], width):
            done[-1] = _joined(cell, done[-1], width)
        else:
            done.append(cell)
    return done[::-1]


def _adjacent(left: _Cell, right: _Cell, width: float) -> bool:
    reach = JOINED * width
    near = _distance(left, right, 0) < reach and _distance(left, right, 1) < reach
    return near and left.font == right.font


def _joined(left: _Cell, right: _Cell, width: float) -> _Cell:
    gap = " " if _distance(left, right, 1) > PARTED * width else ""
    return _Cell(left.text + gap + right.text, left.left, right.right, left.first, right.last, left.font)


def _distance(left: _Cell, right: _Cell, edge: int) -> float:
    """From corner to corner, at the top (0) or the bottom (1) edge.

    PDFium's boxes of glyphs like `f` reach over their neighbours; docling-parse's end at the advance.
    """
    return math.hypot(max(0.0, right.left - left.right), right.first[edge] - left.last[edge])
