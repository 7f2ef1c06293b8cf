"""Words to visual lines, and lines to chunks: runs of words that only word spaces separate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

import msgspec

from docmill.pipeline.convert.types import Box, Word

__all__ = [
    "FIGURE",
    "LEADING",
    "TRAILING",
    "Chunk",
    "TextLine",
    "em_of",
    "hull",
    "ordered",
    "text_lines",
    "text_of",
]

#: A gap between words of at least this many em is wider than the word space of a proportional font ...
_CHUNK_GAP = 0.45
#: ... and of at least this many advances, than that of a font whose glyphs are all as wide.
_MONO_GAP = 1.25
#: Glyphs that statements set apart from the number they belong to: before it, and after it.
LEADING = frozenset({"$", "€", "£", "¥", "₹", "US$", "R$", "$("})
TRAILING = frozenset({")", "%", ")%"})
#: A currency sign at a column's left edge may be so many em from its number.
_SIGN_REACH = 12.0
#: A word with a figure in it, or a dash in place of one.
FIGURE = re.compile(r"\d|^[-–—−]+$")


class Chunk(msgspec.Struct, frozen=True):
    """Neighbouring words of one line."""

    words: list[Word]
    box: Box

    @property
    def text(self) -> str:
        """Its words joined with spaces, left to right."""
        return " ".join(word.text for word in self.words)


class TextLine(msgspec.Struct, frozen=True):
    """The words of one baseline, left to right."""

    words: list[Word]
    box: Box
    chunks: list[Chunk]


def em_of(words: Sequence[Word]) -> float:
    """The usual font size of the words, in points; at least 1."""
    sizes = [word.size if word.size > 0 else word.box.height for word in words]
    return max(1.0, median(sizes)) if sizes else 1.0


def text_lines(words: Sequence[Word]) -> list[TextLine]:
    """Lines from top to bottom. A word joins a line when it shares most of its height with it."""
    em = em_of(words)
    open_lines: list[tuple[float, float, list[Word]]] = []
    for word in sorted(words, key=lambda w: (w.box.t + w.box.b, w.box.l)):
        best, share = None, 0.55
        # Sorted by centre, so only the last few lines can still reach this word.
        for index in range(len(open_lines) - 1, max(-1, len(open_lines) - 5), -1):
            top, bottom, _ = open_lines[index]
            overlap = min(bottom, word.box.b) - max(top, word.box.t)
            least = min(bottom - top, word.box.height)
            if least > 0 and overlap / least > share:
                best, share = index, overlap / least
        if best is None:
            open_lines.append((word.box.t, word.box.b, [word]))
        else:
            open_lines[best][2].append(word)
    gap = _chunk_gap(words, em)
    lines = [_line(members, em, gap) for _, _, members in open_lines]
    return sorted(lines, key=lambda line: line.box.t + line.box.b)


def _chunk_gap(words: Sequence[Word], em: float) -> float:
    """The gap in points from which on neighbours are apart."""
    # Figures are as wide as each other in most fonts, so only words of letters tell.
    told = [w for w in words if len(w.text) > 2 and w.text.isalpha() and w.box.width > 0]
    advances = [w.box.width / len(w.text) for w in told]
    if len(advances) > 3:
        usual = median(advances)
        alike = sum(abs(advance - usual) < 0.04 * usual for advance in advances)
        if alike > 0.9 * len(advances):
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


def _together(left: str, right: str, gap: float, em: float, chunk_gap: float) -> bool:
    """Whether neighbours `gap` apart are one chunk: signs go with their number, however far it is."""
    if left in LEADING:
        return gap < _SIGN_REACH * em and FIGURE.search(right) is not None
    if right in TRAILING:
        return gap < 2 * chunk_gap
    if right in LEADING and FIGURE.search(left) is not None:
        return False
    return gap < chunk_gap


def hull(words: Sequence[Word]) -> Box:
    """The smallest box around the words (at least one)."""
    return Box(
        min(w.box.l for w in words),
        min(w.box.t for w in words),
        max(w.box.r for w in words),
        max(w.box.b for w in words),
    )


def text_of(words: Sequence[Word]) -> str:
    """The words as one text: line by line, right-to-left lines from the right, joined with spaces."""
    return " ".join(word.text for word in ordered(words))


def ordered(words: Sequence[Word]) -> list[Word]:
    """The words in reading order; words that are turned keep the order in which they came."""
    if any(word.angle for word in words):
        return list(words)
    return [word for line in text_lines(words) for word in _logical(line.words)]


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
