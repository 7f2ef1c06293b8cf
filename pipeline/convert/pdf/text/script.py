"""Text as docling writes it: folded characters, and right-to-left text in logical order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import groupby

__all__ = [
    "MARKS",
    "SPACING_ACCENTS",
    "accented",
    "fold",
    "is_mark",
    "is_rtl",
    "ligature_letters",
    "logical_order",
    "mirrored",
    "reading_order",
    "turned_brackets",
    "with_right_ends",
    "with_turned_ends",
]

#: docling-parse's own substitutions (text_constants of 7.x), and what PDFium puts for hyphens it thinks soft.
_FOLDED = str.maketrans(
    {
        "\x02": "-",
        "\ufffe": "-",  # FPDFText_GetText's code for \x02
        **dict.fromkeys("\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": ",",
        "\u201b": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u201f": '"',
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
        **{chr(code): "\ufffd" for code in (*range(0x02), *range(0x03, 0x20), *range(0x7F, 0xA0), 0xFFFF)},
    }
)
#: Accents with a width of their own, as old fonts draw them over a letter, and their combining forms.
SPACING_ACCENTS = {
    "\u00b4": "\u0301",
    "\u0060": "\u0300",
    "\u00a8": "\u0308",
    "\u02c6": "\u0302",
    "\u02dc": "\u0303",
    "\u02c7": "\u030c",
    "\u02d8": "\u0306",
    "\u02da": "\u030a",
    "\u02dd": "\u030b",
    "\u00b8": "\u0327",
}
#: Arabic presentation forms of several letters.
_LIGATURES = (0xFBEA, 0xFDFC), (0xFEF5, 0xFEFD)
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
_OPENING, _CLOSING = frozenset("([{<«‹"), frozenset(")]}>»›")
_BRACKETS = "()[]{}<>«»‹›"
#: What ends a sentence or a number.
_TRAILING = ".,;:!?%\u060c\u061b\u061f\u066a\u2026"
_VERSION = re.compile(r"\d\.\d")
#: Letters of units of measure.
_LONGEST_UNIT = 3
#: What may touch a word: brackets, and what ends a sentence or quotes.
MARKS = frozenset(_BRACKETS + _TRAILING + "\"'\u201c\u201d\u201e\u2018\u2019")


def fold(text: str) -> str:
    """`text` with ligatures and Arabic presentation forms expanded, quotes and hyphens as docling has them.

    Control codes, which stand for glyphs without a Unicode value, become U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.translate(_FOLDED)
    if any("\ufb07" <= char <= "\ufdff" or "\ufe70" <= char <= "\ufeff" for char in text):
        text = "".join(
            unicodedata.normalize("NFKC", char) if "\ufb07" <= char <= "\ufeff" else char for char in text
        )
    return text


def accented(letter: str, accent: str) -> str | None:
    """`letter` with a spacing accent put on it, or None when there is no such letter."""
    mark = SPACING_ACCENTS.get(accent)
    whole = unicodedata.normalize("NFC", letter + mark) if mark else ""
    return whole if len(whole) == 1 else None


def is_rtl(text: str) -> bool:
    """True when `text` has a strong right-to-left character."""
    return not text.isascii() and any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def _direction(char: str) -> str:
    """'R' or 'L' for strong characters and numbers, 'N' for neutral ones."""
    kind = unicodedata.bidirectional(char)
    if kind in ("R", "AL"):
        return "R"
    return "L" if kind in ("L", "EN", "AN") else "N"


def logical_order(texts: Sequence[str]) -> list[str]:
    """The glyphs of one right-to-left word, given from left to right, in the order in which they are read.

    Numbers and Latin inside the word keep their order, separators between them included (UAX 9, rules W4
    and L2).
    """
    kinds = [_direction(text[0]) if text else "N" for text in texts]
    for i in range(1, len(kinds) - 1):
        if kinds[i] == "N" and kinds[i - 1] == kinds[i + 1] == "L":
            kinds[i] = "L"
    order: list[str] = []
    for left_to_right, group in groupby(reversed(range(len(texts))), key=lambda i: kinds[i] == "L"):
        members = [texts[i] for i in group]
        order.extend(reversed(members) if left_to_right else members)
    return order


def ligature_letters(letters: Sequence[str]) -> str:
    """The letters of one right-to-left glyph, given as PDFium has them, in the order in which they are read.

    PDFium turns a right-to-left text character by character, and so those of a ligature too, but not those
    that it makes of one presentation form.
    """
    there, back = "".join(letters), "".join(reversed(letters))
    if len(letters) < 2 or not all(is_rtl(letter) for letter in letters):
        return there
    known = _ligatures()
    return there if there in known and back not in known else back


@cache
def _ligatures() -> frozenset[str]:
    codes = (code for first, last in _LIGATURES for code in range(first, last))
    return frozenset(unicodedata.normalize("NFKC", chr(code)) for code in codes)


def turned_brackets(text: str) -> int:
    """How many brackets of a word are turned the wrong way, less those that are turned the right way.

    PDFium mirrors all brackets in right-to-left text, though many producers write them as they are read.
    """
    votes = 0
    for i, char in enumerate(text):
        if char in _OPENING or char in _CLOSING:
            before = any(other.isalnum() for other in text[:i])
            after = any(other.isalnum() for other in text[i + 1 :])
            if before != after:
                votes += 1 if (char in _OPENING) == before else -1
    return votes


def mirrored(text: str) -> str:
    """`text` with its brackets turned round."""
    return text.translate(_MIRRORED)


def reading_order(texts: Sequence[str]) -> tuple[list[int], bool]:
    """The order in which the words of a line, given from left to right, are read; whether that is leftwards.

    The line's direction is that of most of its words. Runs of words in the other direction keep theirs.
    """
    indices = list(range(len(texts)))
    if all(text.isascii() for text in texts):
        return indices, False
    directions = [_word_direction(text) for text in texts]
    right, left = directions.count("R"), directions.count("L")
    if not right:
        return indices, False
    rtl = right >= left
    against = "L" if rtl else "R"
    if rtl:
        # A version goes with the name before it; what has no point may as well be a year, or of a unit.
        last = max(i for i, direction in enumerate(directions) if direction == "R")
        for i in range(1, last):
            named = directions[i - 1] == "L" and len(texts[i - 1].strip(_BRACKETS)) > _LONGEST_UNIT
            if named and not directions[i] and _VERSION.search(texts[i]):
                directions[i] = "L"
    # A word without letters between two words against the line's direction goes with them.
    for i in range(1, len(directions) - 1):
        if not directions[i] and directions[i - 1] == directions[i + 1] == against:
            directions[i] = against
    if rtl:
        indices.reverse()
    order: list[int] = []
    for turned, group in groupby(indices, key=lambda i: directions[i] == against):
        members = list(group)
        order.extend(reversed(members) if turned else members)
    return order, rtl


def _word_direction(text: str) -> str:
    """'R' or 'L' by the letters of a word, '' if it has none."""
    kinds = {_direction(char) for char in text if char.isalpha()}
    return "R" if "R" in kinds else "L" if kinds else ""


def with_turned_ends(texts: Sequence[str], order: Sequence[int]) -> list[str]:
    """The words of a right-to-left line, from left to right, with the ends of runs against it in their place.

    `order` is that in which they are read. What stands at the left of such a run comes after it: `,PDF 2` is
    read `PDF 2,`, and `(PDF 2` is `PDF 2)`; a bracket at its right, before it.
    """
    done = list(texts)
    first = 0
    for here in range(1, len(order) + 1):
        if here == len(order) or order[here] != order[here - 1] + 1:
            low, high = order[first], order[here - 1]
            done[low : high + 1] = _turned_ends(done[low : high + 1])
            first = here
    return done


def _turned_ends(run: list[str]) -> list[str]:
    core = run[0].lstrip(_TRAILING + _BRACKETS)
    if not core or _direction(core[0]) != "L":
        return run
    matched = _matched(" ".join(run))
    length = sum(map(len, run)) + len(run) - 1
    begin = 0
    while run[0][begin] in _TRAILING or (run[0][begin] in _BRACKETS and begin not in matched):
        begin += 1
    end = 0
    while run[-1][-1 - end] in _BRACKETS and length - 1 - end not in matched:
        end += 1
    opening = _as(run[-1][len(run[-1]) - end :][::-1], opening=True)
    closing = _as(run[0][:begin][::-1], opening=False)
    run = [*run[:-1], run[-1][: len(run[-1]) - end] + closing]
    return [opening + run[0][begin:], *run[1:]]


def _matched(text: str) -> set[int]:
    """Where the brackets of a text stand that have a partner in it."""
    found: set[int] = set()
    before: list[int] = []
    for i, char in enumerate(text):
        if char in _OPENING:
            before.append(i)
        elif char in _CLOSING and before and mirrored(text[before[-1]]) == char:
            found.update((before.pop(), i))
    return found


def _as(text: str, *, opening: bool) -> str:
    turned = _CLOSING if opening else _OPENING
    return "".join(mirrored(char) if char in turned else char for char in text)


def with_right_ends(text: str) -> str:
    """A right-to-left word whose brackets before its letters open, and those behind them close."""
    letters = [i for i, char in enumerate(text) if char.isalnum()]
    if not letters:
        return text
    first, last = letters[0], letters[-1] + 1
    return _as(text[:first], opening=True) + text[first:last] + _as(text[last:], opening=False)


def is_mark(text: str) -> bool:
    """True for brackets and what else may touch a word, without letters and figures."""
    return all(char in MARKS for char in text)
