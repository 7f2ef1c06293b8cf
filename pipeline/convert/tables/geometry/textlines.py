"""Words to visual lines, and lines to chunks: runs of words that only word spaces separate."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence
from statistics import median

import msgspec

from docmill.pipeline.convert.types import Box, Word

__all__ = [
    "FIGURE",
    "LEADING",
    "TRAILING",
    "Chunk",
    "Divider",
    "TextLine",
    "are_apart",
    "cut_at",
    "em_of",
    "hull",
    "is_small",
    "text_lines",
    "texts_of",
]

#: A gap between words of at least this many em is wider than the word space of a proportional font ...
_CHUNK_GAP = 0.45
#: ... and of at least this many advances, than that of a font whose glyphs are all as wide.
_MONO_GAP = 1.25
#: What a word has to share of the lower height to be on a line: of another size, and of much the same one.
_SHARED, _SHARED_ALIKE, _ALIKE = 0.55, 0.68, 0.9
#: Words of less than this share of the usual size are raised, lowered, or notes.
_SMALL = 0.85
#: A word can be on one of so many lines before its place.
_NEAREST = 4
#: Glyphs that statements set apart from the number they belong to: before it, and after it.
LEADING = frozenset({"$", "€", "£", "¥", "₹", "US$", "R$", "$("})
TRAILING = frozenset({")", "%", ")%"})
_LEADER = "...."
_SIGN_GAP = 0.35
#: A currency sign at a column's left edge may be so many em from its number.
_SIGN_REACH = 12.0
#: A word with a figure in it, or a dash in place of one.
FIGURE = re.compile(r"\d|^[-–—−]+$")


#: A line in the making: top and bottom of its first word, and its words.
_OpenLine = tuple[float, float, list[Word]]


class Chunk(msgspec.Struct, frozen=True):
    """Neighbouring words of one line."""

    words: list[Word]
    box: Box

    @property
    def text(self) -> str:
        """Its words joined with spaces, left to right."""
        return " ".join(word.text for word in self.words)


class Divider(msgspec.Struct, frozen=True):
    """An upright ruling between columns: where it is, and the stretches that are drawn."""

    at: float
    drawn: Sequence[tuple[float, float]]

    def is_beside(self, height: float) -> bool:
        """Whether it is drawn at a height."""
        return any(start <= height <= end for start, end in self.drawn)


class TextLine(msgspec.Struct, frozen=True):
    """The words of one baseline, left to right."""

    words: list[Word]
    box: Box
    chunks: list[Chunk]


def em_of(words: Sequence[Word]) -> float:
    """The usual font size of the words, in points; at least 1."""
    sizes = [word.size if word.size > 0 else word.box.height for word in words]
    return max(1.0, median(sizes)) if sizes else 1.0


def is_small(words: Sequence[Word], em: float) -> bool:
    """Whether all words are set smaller than the table's text, as raised and lowered ones are.

    Sizes of recognised words are those of their boxes, and say nothing.
    """
    return all(word.font >= 0 and 0 < word.size < _SMALL * em for word in words)


def text_lines(words: Sequence[Word]) -> list[TextLine]:
    """Lines from top to bottom. A word joins a line when it shares most of its height with it.

    Words of one size stand on one baseline or on two; a cell set to the middle of two lines is half way
    between them, and a line of its own. Raised and lowered ones are smaller: lines are made of the others,
    then these join them.
    """
    em = em_of(words)
    ordered = sorted(words, key=lambda w: (w.box.t + w.box.b, w.box.l))
    small = [is_small([word], em) for word in ordered]
    lines = _joined([word for word, flag in zip(ordered, small, strict=True) if not flag], ())
    if any(small):
        lines = _joined([word for word, flag in zip(ordered, small, strict=True) if flag], lines)
    gap = _chunk_gap(words, em)
    made = [_line(members, em, gap) for _, _, members in lines]
    return sorted(made, key=lambda line: line.box.t + line.box.b)


def _joined(words: Sequence[Word], known: Sequence[_OpenLine]) -> list[_OpenLine]:
    """The `known` lines and new ones, with each word in one of them; all are sorted by centre."""
    centres = [top + bottom for top, bottom, _ in known]
    lines: list[_OpenLine] = []
    for word in words:
        # Sorted by centre, so only the last few lines can still reach this word.
        near = lines[-_NEAREST:]
        if known:
            at = bisect(centres, word.box.t + word.box.b)
            near = [*known[max(0, at - _NEAREST) : at + _NEAREST], *near]
        best = _best_line(near, word)
        if best is None:
            lines.append((word.box.t, word.box.b, [word]))
        else:
            best[2].append(word)
    return [*known, *lines]


def _best_line(lines: Sequence[_OpenLine], word: Word) -> _OpenLine | None:
    """The line that a word shares most of its height with, if that is enough."""
    best: _OpenLine | None = None
    share = 0.0
    top, bottom = word.box.t, word.box.b
    height = bottom - top
    for line in reversed(lines):
        overlap = (line[1] if line[1] < bottom else bottom) - (line[0] if line[0] > top else top)
        if overlap <= 0:
            continue
        other = line[1] - line[0]
        least, most = (other, height) if other < height else (height, other)
        needed = _SHARED_ALIKE if least > _ALIKE * most else _SHARED
        if overlap > least * (share if share > needed else needed):
            best, share = line, overlap / least
    return best


def cut_at(lines: Sequence[TextLine], dividers: Sequence[Divider]) -> list[TextLine]:
    """The lines with their chunks cut where a ruling stands between two words."""
    if not dividers:
        return list(lines)
    cut: list[TextLine] = []
    for line in lines:
        middle = (line.box.t + line.box.b) / 2
        beside = [divider.at for divider in dividers if divider.is_beside(middle)]
        cut.append(TextLine(line.words, line.box, [p for chunk in line.chunks for p in _cut(chunk, beside)]))
    return cut


def _cut(chunk: Chunk, dividers: Sequence[float]) -> list[Chunk]:
    parts: list[list[Word]] = [[]]
    for word in chunk.words:
        middle = (word.box.l + word.box.r) / 2
        if parts[-1] and any((parts[-1][-1].box.l + parts[-1][-1].box.r) / 2 < x < middle for x in dividers):
            parts.append([])
        parts[-1].append(word)
    return [Chunk(words, hull(words)) for words in parts]


def _chunk_gap(words: Sequence[Word], em: float) -> float:
    """The gap in points from which on neighbours are apart."""
    # Figures are as wide as each other in most fonts, so only words of letters tell.
    told = [w for w in words if len(w.text) > 2 and w.text.isalpha() and w.box.width > 0]
    advances = [w.box.width / len(w.text) for w in told]
    if len(advances) > 3:
        usual = median(advances)
        alike = sum(abs(advance - usual) < 0.04 * usual for advance in advances)
        if alike > 0.8 * len(advances):  # words cut off at a column's end are narrower
            return max(_CHUNK_GAP * em, _MONO_GAP * usual)
    return _CHUNK_GAP * em


def _line(words: list[Word], em: float, chunk_gap: float) -> TextLine:
    words = sorted(words, key=lambda w: w.box.l)
    chunks: list[list[Word]] = []
    right = 0.0
    for word in words:
        gap = word.box.l - right
        if chunks and _together(chunks[-1][-1].text, word.text, gap, em, chunk_gap):
            chunks[-1].append(word)
            right = max(right, word.box.r)
        else:
            chunks.append([word])
            right = word.box.r
    return TextLine(words, hull(words), [Chunk(members, hull(members)) for members in chunks])


def are_apart(left: Word, right: Word) -> bool:
    """Whether two neighbours were recognised in regions of their own: the words of one are equally high.

    Such regions are found where there is white space between them, and are larger than their text.
    """
    if left.font >= 0 or right.font >= 0:
        return False
    return (left.box.t, left.box.b) != (right.box.t, right.box.b)


def _together(left: str, right: str, gap: float, em: float, chunk_gap: float) -> bool:
    """Whether neighbours `gap` apart are one chunk: signs go with their number, however far it is.

    Dots lead to what stands in another column.
    """
    if left.endswith(_LEADER) and FIGURE.search(right) is not None:
        return False
    if left in LEADING:
        return gap < _SIGN_REACH * em and FIGURE.search(right) is not None
    if right in TRAILING:
        return gap < 2 * chunk_gap
    if right in LEADING and FIGURE.search(left) is not None:
        return gap < _SIGN_GAP * em  # a word's space: the sign comes after the number
    return gap < chunk_gap


def hull(words: Sequence[Word]) -> Box:
    """The smallest box around the words (at least one)."""
    if len(words) == 1:
        return words[0].box
    return Box(
        min(w.box.l for w in words),
        min(w.box.t for w in words),
        max(w.box.r for w in words),
        max(w.box.b for w in words),
    )


def texts_of(words: Sequence[Word]) -> list[str]:
    """The lines of a text from top to bottom, right-to-left ones from the right.

    Words that are turned are one line, in the order in which they came.
    """
    if len(words) < 2:
        return [word.text for word in words]
    if any(word.angle for word in words):
        return [" ".join(word.text for word in words)]
    return [" ".join(word.text for word in _logical(line.words)) for line in text_lines(words)]


def _logical(words: list[Word]) -> list[Word]:
    """One line's words in logical order, given from left to right."""
    if 2 * sum(_is_rtl(word.text) for word in words) <= sum(_has_letter(word.text) for word in words):
        return words
    logical: list[Word] = []
    embedded: list[Word] = []  # left-to-right words inside a right-to-left line keep their order
    for word in reversed(words):
        if _has_letter(word.text) and not _is_rtl(word.text):
            embedded.insert(0, word)
        else:
            logical += [*embedded, word]
            embedded = []
    return logical + embedded


def _has_letter(text: str) -> bool:
    return any(char.isalpha() for char in text)


def _is_rtl(text: str) -> bool:
    # Hebrew to Thaana and Arabic extensions, and their presentation forms.
    return any("\u0590" <= char <= "\u08ff" or "\ufb1d" <= char <= "\ufefc" for char in text)
