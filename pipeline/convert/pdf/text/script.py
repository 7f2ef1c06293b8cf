"""Text as docling writes it: folded characters, and right-to-left text in logical order."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby

__all__ = [
    "SPACING_ACCENTS",
    "accented",
    "fold",
    "is_rtl",
    "logical_order",
    "reading_order",
    "swap_alef_lam",
    "trailing_punctuation",
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
_ALEFS = frozenset("اأإآٱ")


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


def swap_alef_lam(text: str) -> str:
    """One lam-alef glyph that PDFium spelled backwards, as it reverses right-to-left text glyph by glyph."""
    return text[::-1] if len(text) == 2 and text[0] in _ALEFS and text[1] == "ل" else text


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


def trailing_punctuation(text: str) -> str:
    """A left-to-right word of a right-to-left line, whose sentence goes on at its left: `,PDF` is `PDF,`."""
    core = text.lstrip(".,;:!?%\u060c\u061b\u061f\u066a\u2026")
    if core == text or not core or _direction(core[0]) != "L":
        return text
    return core + text[: len(text) - len(core)]
