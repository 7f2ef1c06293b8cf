"""Whether a text of a column goes on with the text above it, as far as the two texts tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec

from docmill.pipeline.convert.tables.geometry.columns import Interval
from docmill.pipeline.convert.tables.geometry.placed_lines import YEAR, PlacedLine, is_numeric
from docmill.pipeline.convert.tables.geometry.textlines import Chunk

__all__ = ["Continuations", "is_open"]

_HYPHEN = re.compile(r"[^\W\d_][-‐\u00ad]$")
_OPEN_END = re.compile(
    r"(?:[-‐/,&±=+–:]|\b(?:and|or|of|the|for|to|in|by|with|from|on|a|an|und|der|die|das|des|von|et|de|la|le|du|des|y|el))$",
    re.IGNORECASE,
)
#: Dots that lead to another column end a cell.
_LEADER_END = re.compile(r"\.(?: ?\.){3}$")
#: A number with a second one in brackets: one cell, which may break between the two.
_TWOFOLD = re.compile(r"[^()\d]*\d[^()]*\([^()\d]*\d[^()]*\)\s*")
_BRACKETED = re.compile(r"\([^()]*\)")
#: A line of more words than this is running text rather than a name.
_RUNNING = 2
#: Weights. A word that had room in the line above, or a number below a number, all but rules a text out.
_ROOM, _NUMBER = -3.0, -3.0
_HEADING_ROOM = -1.0
#: Another face than that of the whole line above, as of headings between rows.
_OTHER_FACE = -1.8


class Continuations(msgspec.Struct, frozen=True):
    """What is known of a table's columns: their edges, and how their cells are written."""

    columns: Sequence[Interval]
    em: float
    twofold: frozenset[int]  # columns whose cells are a number and another one in brackets
    small: bool  # cells begin in lower case as a rule, so that lower case says little
    capitals: bool  # words within a line begin in upper case now and then, as German nouns do

    @classmethod
    def of(cls, lines: Sequence[PlacedLine], columns: Sequence[Interval], em: float) -> Continuations:
        """What the table's own lines say."""
        twofold = {
            first
            for placed in lines
            for first, last, chunk in placed.placed
            if first == last and _TWOFOLD.fullmatch(chunk.text)
        }
        whole = [placed for placed in lines if 3 * len(placed.columns()) > 2 * len(columns)]
        starts = [c.text[0] for placed in whole if 0 in placed.columns() for _, _, c in placed.placed]
        letters = [start for start in starts if start.isalpha()]
        small = 5 * sum(start.islower() for start in letters) > 3 * len(letters)
        running = [chunk for placed in lines for _, _, chunk in placed.placed if len(chunk.words) > _RUNNING]
        inner = [start for chunk in running for word in chunk.words[1:] if (start := word.text[0]).isalpha()]
        capitals = 0.15 * len(inner) < sum(start.isupper() for start in inner) < 0.6 * len(inner)
        return cls(columns, em, frozenset(twofold), small, capitals)

    def evidence(self, above: Chunk, below: Chunk, column: int, *, heading: bool = False) -> float:
        """From below -3, it is a text of its own, to above 3, it goes on; 0 says nothing.

        Headings are broken by hand, and begin each line in upper case as they like.
        """
        text, before = below.text, above.text
        if _LEADER_END.search(before):
            return _NUMBER
        unclosed = before.count("(") > before.count(")")
        if is_numeric(text):
            return self._number(before, text, column, unclosed=unclosed)
        if _HYPHEN.search(before) and text[:1].islower():
            return 2.5
        score = 1.5 if unclosed else 0.0
        if not heading and _parted_by_face(above, below):
            score += _OTHER_FACE
        left, right = self.columns[column]
        width = right - left
        gaps = [b.box.l - a.box.r for a, b in pairwise(above.words)]
        space = median([0.25 * self.em, *gaps])
        first = below.words[0]
        needed = first.box.width / (len(first.text) if _is_ideograph(text[0]) else 1)
        if above.box.width + space + needed <= width - 0.3 * self.em:
            score += _HEADING_ROOM if heading else _ROOM
        elif width >= 8 * self.em:
            score += 0.8
        else:
            score += 0.4 if len(above.words) > 1 else -0.3
        if is_numeric(before) and not YEAR.fullmatch(before):
            score -= 1.0
        elif is_open(before):
            score += 0.8
        return score + (max(0.0, self._case(text[0])) if heading else self._case(text[0]))

    def between(self, above: PlacedLine, below: PlacedLine) -> float:
        """The evidence of all columns in which both lines have text."""
        texts = above.texts()
        shared = [(column, chunk) for column, chunk in below.texts().items() if column in texts]
        return sum(self.evidence(texts[column], chunk, column) for column, chunk in shared)

    def _number(self, before: str, text: str, column: int, *, unclosed: bool) -> float:
        if unclosed or is_open(before):
            return 1.0
        if not is_numeric(before):
            return -0.5 if YEAR.fullmatch(text) else -1.5
        if _BRACKETED.fullmatch(text) and not _BRACKETED.search(before):
            if column in self.twofold:
                return 1.0
            if "%" in text and "%" not in before:
                return 0.3
        return _NUMBER

    def _case(self, start: str) -> float:
        if start.islower():
            return 0.0 if self.small else 1.0
        if start.isupper():
            return -0.5 if self.capitals else -1.1
        return 0.0 if start.isalpha() or start in "([\"'“‘«„" else -0.4


def is_open(text: str) -> bool:
    """Whether a text ends as none does: with a hyphen, a comma, or a word that something follows."""
    return _OPEN_END.search(text) is not None


def _parted_by_face(above: Chunk, below: Chunk) -> bool:
    """Whether each of the two is set in one font, and they are not the same."""
    faces = {word.font for word in above.words}, {word.font for word in below.words}
    return all(len(face) == 1 for face in faces) and faces[0] != faces[1]


def _is_ideograph(char: str) -> bool:
    return "\u3040" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff"
