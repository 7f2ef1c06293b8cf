"""Glyphs to words to lines, by position.

Words are found along the content stream; lines are then joined by position as well, since producers draw
bold words, columns and table rows in any order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from docmill.pipeline.convert.pdf.text.glyphs import Glyphs
from docmill.pipeline.convert.pdf.text.lines import join_lines, split_lines
from docmill.pipeline.convert.pdf.text.pieces import (
    Piece,
    find_pieces,
    with_accents,
    with_marks,
    without_duplicates,
)
from docmill.pipeline.convert.pdf.text.script import (
    fold,
    logical_order,
    reading_order,
    swap_alef_lam,
    trailing_punctuation,
)
from docmill.pipeline.convert.types import Box, TextCell, Word

__all__ = ["LineWriter", "TextContent", "build_text"]

#: The text of a line, from its words' pieces in reading order.
LineWriter = Callable[[Sequence[Sequence[Piece]], Glyphs], str]

#: Pieces drawn at different times that are closer than this fraction of an em are one word.
JOIN_WORD_GAP = 0.08


@dataclass(frozen=True)
class TextContent:
    """Words ordered by line, and the lines in stream order."""

    words: list[Word]
    cells: list[TextCell]


def build_text(glyphs: Glyphs, write_line: LineWriter | None = None) -> TextContent:
    """The words and lines of a page; `write_line` writes upright left-to-right lines otherwise."""
    glyphs = with_marks(with_accents(without_duplicates(glyphs)))
    by_angle: dict[int, list[Piece]] = defaultdict(list)
    for piece in find_pieces(glyphs):
        by_angle[piece.angle].append(piece)
    found: list[tuple[int, list[Word], str, Box, bool]] = []
    for pieces in by_angle.values():
        for chain in join_lines(split_lines(pieces)):
            groups = _grouped(sorted(chain, key=lambda piece: piece.start))
            members, rtl = _words(groups, glyphs)
            if write_line and not rtl and chain[0].angle == 0:
                text = write_line(groups, glyphs)
            else:
                text = " ".join(word.text for word in members)
            box = _line_box(chain, members, glyphs)
            found.append((min(piece.first for piece in chain), members, text, box, rtl))
    found.sort(key=lambda entry: entry[0])
    words: list[Word] = []
    lines: list[TextCell] = []
    for _, members, text, box, rtl in found:
        lines.append(TextCell(text=text, box=box, first=len(words), count=len(members), rtl=rtl))
        words.extend(members)
    return TextContent(words, lines)


def _line_box(chain: list[Piece], members: list[Word], glyphs: Glyphs) -> Box:
    """Around the words and, as docling-parse draws lines, the encoded space behind the last one."""
    boxes = [(word.box.l, word.box.t, word.box.r, word.box.b) for word in members]
    last = max(chain, key=lambda piece: (piece.stop, piece.last))
    i, turn = last.last - 1, last.angle
    before, behind = glyphs.start[i] - glyphs.after[i, 0], glyphs.after[i, 1] - glyphs.stop[i]
    if turn in (0, 90, 180, 270) and behind > before:
        left, top, right, bottom = glyphs.box[i].tolist()
        space = float(behind)
        sides = {0: (0, 0, space, 0), 90: (0, 0, 0, space), 180: (-space, 0, 0, 0), 270: (0, -space, 0, 0)}
        dl, dt, dr, db = sides[turn]
        boxes.append((left + dl, top + dt, right + dr, bottom + db))
    return _around(boxes)


def _around(boxes: list[tuple[float, float, float, float]]) -> Box:
    if len(boxes) == 1:
        return Box(*boxes[0])
    left, top, right, bottom = zip(*boxes, strict=True)
    return Box(min(left), min(top), max(right), max(bottom))


def _words(groups: list[list[Piece]], glyphs: Glyphs) -> tuple[list[Word], bool]:
    """The words of one line in reading order, and whether it is right-to-left."""
    texts = [_text(group, glyphs) for group in groups]
    order, rtl = reading_order(texts)
    if rtl:
        texts = [trailing_punctuation(text) for text in texts]
    return [_word(groups[i], texts[i]) for i in order], rtl


def _grouped(chain: list[Piece]) -> list[list[Piece]]:
    """The pieces of a line, sorted by position, as words."""
    groups: list[list[Piece]] = [[chain[0]]]
    for left, right in pairwise(chain):
        apart = right.start - left.stop >= JOIN_WORD_GAP * max(left.size, right.size)
        # Pieces drawn one after the other were parted for another reason than their gap, unless the second
        # one goes back, as it does where PDFium has turned right-to-left text.
        parted = right.first == left.last or (left.first == right.last and left.spaced)
        if apart or parted or left.rtl != right.rtl:
            groups.append([right])
        else:
            groups[-1].append(right)
    return groups


def _text(pieces: list[Piece], glyphs: Glyphs) -> str:
    if any(piece.rtl for piece in pieces):
        return fold("".join(_rtl_text(piece, glyphs) for piece in reversed(pieces)))
    return fold("".join(piece.text for piece in pieces))


def _word(pieces: list[Piece], text: str) -> Word:
    longest = max(pieces, key=lambda piece: piece.last - piece.first)
    return Word(
        text=text,
        box=_around([piece.box for piece in pieces]),
        size=round(longest.size, 2),
        font=longest.font,
        angle=round(longest.angle / 90) % 4 * 90,
    )


def _rtl_text(piece: Piece, glyphs: Glyphs) -> str:
    """The text of a piece with right-to-left letters, in logical order.

    PDFium turns right-to-left text of most producers to logical order, but not of all, and not numbers in it.
    """
    clusters: list[tuple[float, float, str]] = []
    for i in range(piece.first, piece.last):
        start, stop = float(glyphs.start[i]), float(glyphs.stop[i])
        if clusters and clusters[-1][:2] == (start, stop):
            clusters[-1] = (start, stop, clusters[-1][2] + glyphs.text[i])
        else:
            clusters.append((start, stop, glyphs.text[i]))
    texts = [swap_alef_lam(text) for _, _, text in clusters]
    if any(char.isdigit() for char in piece.text):
        by_position = sorted(range(len(texts)), key=lambda i: clusters[i][0] + clusters[i][1])
        texts = logical_order([texts[i] for i in by_position])
    elif sum(clusters[0][:2]) < sum(clusters[-1][:2]):
        texts.reverse()
    return "".join(texts)
