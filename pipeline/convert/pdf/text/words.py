"""Glyphs to words to lines, by position.

Words are found along the content stream; lines are then joined by position as well, since producers draw
bold words, columns and table rows in any order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby, pairwise

from msgspec.structs import replace

from docmill.pipeline.convert.joining.lines import LINE_END_DASHES
from docmill.pipeline.convert.pdf.text.counted_lines import parted_numbers
from docmill.pipeline.convert.pdf.text.descenders import line_bottoms
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
    is_mark,
    is_rtl,
    ligature_letters,
    logical_order,
    mirrored,
    reading_order,
    turned_brackets,
    with_right_ends,
    with_turned_ends,
)
from docmill.pipeline.convert.pdf.text.spelled import spelled_words
from docmill.pipeline.convert.types import Box, TextCell, Word

__all__ = ["LineWriter", "TextContent", "build_text"]

#: The text of a line, from its words' pieces in reading order.
LineWriter = Callable[[Sequence[Sequence[Piece]], Glyphs], str]

#: The first glyph of a line, its words, text and box, and whether it is right-to-left.
_Line = tuple[int, list[Word], str, Box, bool]

#: Pieces drawn at different times that are closer than this fraction of an em are one word.
JOIN_WORD_GAP = 0.08
#: PDFium turns the words of right-to-left text apart from the brackets and dots beside them.
JOIN_MARK_GAP = 0.2
ABUTTING = 0.05
#: Text cut off at the end of its column keeps this distance in em to the next one, as other text does.
CUT_MARGIN = 1.0
CUT_LEAST = 0.1


@dataclass(frozen=True)
class TextContent:
    """Words ordered by line, the lines in stream order, and what is in neither (see `LeftOut`)."""

    words: list[Word]
    cells: list[TextCell]
    left_out: dict[str, int] = field(default_factory=dict)


def build_text(glyphs: Glyphs, write_line: LineWriter | None = None) -> TextContent:
    """The words and lines of a page; `write_line` writes upright left-to-right lines otherwise."""
    glyphs = with_marks(with_accents(without_duplicates(glyphs)))
    by_angle: dict[int, list[Piece]] = defaultdict(list)
    for piece in find_pieces(glyphs):
        by_angle[piece.angle].append(piece)
    found: list[_Line] = []
    for pieces in by_angle.values():
        chains = join_lines(split_lines(pieces))
        for chain in parted_numbers(chains, [font.mono for font in glyphs.fonts]):
            groups = _grouped(sorted(chain, key=lambda piece: piece.start), glyphs)
            members, rtl = _words(groups, glyphs)
            if write_line and not rtl and chain[0].angle == 0:
                text = write_line(groups, glyphs)
            else:
                text = " ".join(word.text for word in members)
                text = text if rtl else _with_end_dash(text, groups[-1][-1].text[-1])
            box = _line_box(chain, members, glyphs)
            found.append((min(piece.first for piece in chain), members, text, box, rtl))
    found.sort(key=lambda entry: entry[0])
    if len(by_angle) > 1 or 0 not in by_angle:
        found = _sideways_in_order(found)
    if any(rtl for *_, rtl in found):
        found = _with_right_brackets(found)
    found = _with_bottoms(found)
    words: list[Word] = []
    lines: list[TextCell] = []
    for _, members, text, box, rtl in found:
        lines.append(TextCell(text=text, box=box, first=len(words), count=len(members), rtl=rtl))
        words.extend(members)
    return TextContent(words, lines, glyphs.left_out)


def _sideways_in_order(lines: list[_Line]) -> list[_Line]:
    """The lines, those that run downwards or upwards as they are read where PDFium has them the other way."""
    done: list[_Line] = []
    for angle, group in groupby(lines, key=lambda line: line[1][0].angle if line[1] else 0):
        run = list(group)
        if angle in (90, 270) and len(run) > 1:
            places = [-line[3].r if angle == 90 else line[3].l for line in run]
            if all(two < one for one, two in pairwise(places)):
                run.reverse()
        done += run
    return done


def _with_bottoms(lines: list[_Line]) -> list[_Line]:
    """The lines, big ones not over the small ones under them."""
    level = [n for n, (_, members, *_) in enumerate(lines) if members and members[0].angle == 0]
    done = list(lines)
    for number, bottom in line_bottoms([lines[n][3] for n in level]).items():
        first, members, text, box, rtl = lines[level[number]]
        if max(word.box.t for word in members) < bottom:
            members = [replace(word, box=_ending(word.box, bottom)) for word in members]
            done[level[number]] = (first, members, text, _ending(box, bottom), rtl)
    return done


def _ending(box: Box, bottom: float) -> Box:
    return Box(box.l, box.t, box.r, min(box.b, bottom))


def _with_end_dash(text: str, last: str) -> str:
    """A line with the dash that it ends with, of which docling makes a hyphen: it never breaks a word."""
    return text[:-1] + last if last in LINE_END_DASHES and text.endswith("-") and len(text) > 1 else text


def _with_right_brackets(lines: list[_Line]) -> list[_Line]:
    """The lines of a page, with the brackets of right-to-left text turned as its producer has them."""
    words = [word.text for _, members, _, _, rtl in lines for word in members if rtl]
    turned = sum(turned_brackets(text) for text in words if is_rtl(text)) > 0

    def right(text: str) -> str:
        if not is_rtl(text):
            return mirrored(text) if turned_brackets(text) > 0 else text
        return with_right_ends(mirrored(text) if turned else text)

    done: list[_Line] = []
    for first, members, text, box, rtl in lines:
        if rtl:
            texts = [right(word.text) for word in members]
            members = [replace(word, text=new) for word, new in zip(members, texts, strict=True)]
            text = " ".join(texts)
        done.append((first, members, text, box, rtl))
    return done


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
        texts = with_turned_ends(texts, order)
    words = [_word(groups[i], texts[i]) for i in order]
    if not rtl and len(words) > 1 and groups[-1][-1].cut_behind and words[-1].angle == 0:
        words[-1] = _drawn_in(words[-2], words[-1], max(piece.box[2] for piece in groups[-1]))
    return words, rtl


def _drawn_in(before: Word, cut: Word, right: float) -> Word:
    """The last word of a text cut off at `right`, nearer to the one before it where it cannot shrink."""
    box, em = cut.box, cut.size
    shift = min(box.r - right + CUT_MARGIN * em, box.l - before.box.r - CUT_LEAST * em)
    return replace(cut, box=Box(box.l - shift, box.t, box.r - shift, box.b)) if shift > 0 else cut


def _grouped(chain: list[Piece], glyphs: Glyphs) -> list[list[Piece]]:
    """The pieces of a line, sorted by position, as words."""
    groups: list[list[Piece]] = [[chain[0]]]
    turned = any(piece.rtl for piece in chain)
    for left, right in pairwise(chain):
        mark = turned and (is_mark(left.text) or is_mark(right.text))
        limit = JOIN_MARK_GAP if mark else JOIN_WORD_GAP
        gap = (right.start - left.stop) / max(left.size, right.size)
        # Pieces drawn one after the other were parted for another reason than their gap, unless the second
        # one goes back, as it does where PDFium has turned right-to-left text.
        parted = right.first == left.last or (
            left.first == right.last and left.spaced and not _spaced_behind(right, glyphs)
        )
        if mark and abs(gap) < ABUTTING:
            parted = False  # no room for the space that the stream has before one of them
        if gap >= limit or parted or (left.rtl != right.rtl and not mark):
            groups.append([right])
        else:
            groups[-1].append(right)
    return groups if turned else spelled_words(groups)


def _spaced_behind(piece: Piece, glyphs: Glyphs) -> bool:
    """Whether the space after a piece in the stream is at its right."""
    return bool(glyphs.after[piece.last - 1, 1] > glyphs.stop[piece.last - 1])


def _text(pieces: list[Piece], glyphs: Glyphs) -> str:
    if len(pieces) == 1 and not pieces[0].rtl:
        return fold(pieces[0].text)
    if any(piece.rtl for piece in pieces):
        return fold("".join(_rtl_text(piece, glyphs) for piece in reversed(pieces)))
    return fold("".join(piece.text for piece in pieces))


def _word(pieces: list[Piece], text: str) -> Word:
    longest = max(pieces, key=_length) if len(pieces) > 1 else pieces[0]
    box = _around([piece.box for piece in pieces]) if len(pieces) > 1 else Box(*longest.box)
    if pieces[-1].cut_behind and longest.angle == 0 and not longest.rtl:
        end = max(box.l + CUT_LEAST * longest.size, box.r - CUT_MARGIN * longest.size)
        box = Box(box.l, box.t, min(box.r, end), box.b)
    return Word(
        text=text,
        box=box,
        size=_rounded(longest.size),
        font=longest.font,
        angle=_quarter(longest.angle),
    )


@lru_cache(maxsize=1024)
def _rounded(size: float) -> float:
    return round(size, 2)


@lru_cache(maxsize=360)
def _quarter(angle: int) -> int:
    """The quarter turn that is nearest to an angle, in degrees."""
    return round(angle / 90) % 4 * 90


def _length(piece: Piece) -> int:
    return piece.last - piece.first


def _rtl_text(piece: Piece, glyphs: Glyphs) -> str:
    """The text of a piece with right-to-left letters, in logical order.

    PDFium turns right-to-left text of most producers to logical order, but not of all, and not numbers in it.
    """
    clusters: list[tuple[float, float, list[str]]] = []
    for i in range(piece.first, piece.last):
        start, stop = float(glyphs.start[i]), float(glyphs.stop[i])
        if clusters and clusters[-1][:2] == (start, stop):
            clusters[-1][2].append(glyphs.text[i])
        else:
            clusters.append((start, stop, [glyphs.text[i]]))
    texts = [ligature_letters(letters) for _, _, letters in clusters]
    if any(char.isdigit() for char in piece.text):
        by_position = sorted(range(len(texts)), key=lambda i: clusters[i][0] + clusters[i][1])
        texts = logical_order([texts[i] for i in by_position])
    elif sum(clusters[0][:2]) < sum(clusters[-1][:2]):
        texts.reverse()
    return "".join(texts)
