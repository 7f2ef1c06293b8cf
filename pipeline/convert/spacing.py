"""Where a line has a second space between two words, as docling's parser wrote it before docling-parse 7.21.

That parser made lines of characters by their distance: it joined neighbours that lie within a character's
average width, and wrote a space wherever the distance exceeded a third of it. A space that was encoded is a
character too, so a widely set line got a second one behind it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.convert.glyphs import Glyphs
from pipeline.convert.pieces import Piece

__all__ = ["wide_gaps"]

#: Neighbours within so many average character widths are joined, and parted by a space from here on:
#: docling-parse's `line_space_width_factor_for_merge` and `..._with_space`.
JOINED = 1.0
PARTED = 0.33


@dataclass
class _Cell:
    """Characters joined so far, upright and from left to right."""

    left: float
    right: float
    first: tuple[float, float]  # top and bottom of the first character
    last: tuple[float, float]  # ... and of the last
    count: int
    font: int

    @property
    def character_width(self) -> float:
        return (self.right - self.left) / self.count


def wide_gaps(words: Sequence[Sequence[Piece]], glyphs: Glyphs) -> list[bool]:
    """For each gap between the words of an upright left-to-right line, whether it has a second space."""
    cells: list[_Cell] = []
    spaces: list[int] = []  # the cells of the encoded space after each word, -1 where there is none
    for pieces in words:
        for piece in pieces:
            cells += _characters(piece, glyphs)
        space = _space(pieces[-1], glyphs)
        spaces.append(len(cells) if space else -1)
        cells += [space] if space else []
    parted = _parted(cells)
    return [at >= 0 and not parted.isdisjoint((at, at + 1)) for at in spaces[:-1]]


def _characters(piece: Piece, glyphs: Glyphs) -> list[_Cell]:
    """One for each glyph; the characters of a ligature share theirs."""
    cells: list[_Cell] = []
    for i in range(piece.first, piece.last):
        left, top, right, bottom = glyphs.box[i].tolist()
        if cells and (cells[-1].left, cells[-1].right) == (left, right):
            cells[-1].count += 1
        else:
            cells.append(_Cell(left, right, (top, bottom), (top, bottom), 1, int(glyphs.font[i])))
    return cells


def _space(piece: Piece, glyphs: Glyphs) -> _Cell | None:
    """The encoded space behind a piece."""
    i = piece.last - 1
    _, top, right, bottom = glyphs.box[i].tolist()
    behind = float(glyphs.after[i, 1] - glyphs.stop[i])
    if behind <= 0:
        return None
    return _Cell(right, right + behind, (top, bottom), (top, bottom), 1, int(glyphs.font[i]))


def _parted(cells: Sequence[_Cell]) -> set[int]:
    """The cells before which a space is written: from the left, then from the right, then from the left."""
    parted: set[int] = set()
    starts = list(range(len(cells)))
    joined = list(cells)
    for backwards in (False, True, False):
        order = range(len(joined) - 1, 0, -1) if backwards else range(1, len(joined))
        merged: list[tuple[int, _Cell]] = []
        pending = (starts[-1], joined[-1]) if backwards else (starts[0], joined[0])
        for i in order:
            here = (starts[i - 1], joined[i - 1]) if backwards else (starts[i], joined[i])
            left, right = (here, pending) if backwards else (pending, here)
            width = pending[1].character_width
            if _adjacent(left[1], right[1], JOINED * width):
                if _distance(left[1], right[1], 1) > PARTED * width:
                    parted.add(right[0])
                pending = (left[0], _joined(left[1], right[1], parted=right[0] in parted))
            else:
                merged.append(pending)
                pending = here
        merged.append(pending)
        if backwards:
            merged.reverse()
        starts, joined = [start for start, _ in merged], [cell for _, cell in merged]
    return parted


def _adjacent(left: _Cell, right: _Cell, reach: float) -> bool:
    near = _distance(left, right, 0) < reach and _distance(left, right, 1) < reach
    return near and left.font == right.font


def _distance(left: _Cell, right: _Cell, edge: int) -> float:
    """From corner to corner, at the top (0) or the bottom (1) edge."""
    return math.hypot(right.left - left.right, right.first[edge] - left.last[edge])


def _joined(left: _Cell, right: _Cell, *, parted: bool) -> _Cell:
    count = left.count + right.count + parted
    return _Cell(left.left, right.right, left.first, right.last, count, left.font)
