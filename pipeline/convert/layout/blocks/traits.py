"""What glyphs and their advances say: mathematics, monospaced type, program code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from docmill.pipeline.convert.types import Font, Word

__all__ = [
    "code_like",
    "equal_advances",
    "fixed_fonts",
    "is_math_font",
    "is_small_caps",
    "math_symbols",
    "optical_size",
]

_MATH_FONT = re.compile(
    r"^(?:[A-Z]{6}\+)?(?:CM(?:MI|SY|EX|BSY|MIB)|MSAM|MSBM|RSFS|EUFM|EUSM|XITSMath|STIXMath|LMMath|.*Math|MT-?Extra"
    r"|MTMI|MTSY|Euclid-?(?:Symbol|Extra))",
    re.IGNORECASE,
)
_SMALL_CAPS = re.compile(r"small-?cap|smcp|csc\d|caps(?:\d|-|$)", re.IGNORECASE)
_MATH_SYMBOLS = frozenset("=+−×÷±∓∑∏∫∮√∞≈≠≤≥≪≫∈∉⊂⊆⊃∪∩∀∃∂∇∝∼≡→↦⇒⇔⟨⟩∥·∗⊕⊗αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ")
_CODE = re.compile(
    r"[{]\s*$|^\s*[}\])]++[;,)]*\s*$|[\w\])]\s*\)\s*;\s*$"
    r"|^\s*(?:return|function|def|var|let|const|public|private|static|void|elif|else|for|while|if)\b.*[;{)]\s*$"
    r"|^\s*(?:#include\s*<|import\s+[\w.]+;|</?\w[^<>]*>\s*$)"
)
_SPREAD = 0.04  # of the mean advance
_CONTRAST = 0.2  # by how much words of other typefaces differ, as a part of the widest
_LEAST_WORDS = 6  # that show a font's advances on a page
_ENOUGH_WORDS = 40  # that are looked at
_MOST = 0.5  # of a font's words
_EXACT = 0.01  # by which they may differ, of the advance


@lru_cache(maxsize=1024)
def is_math_font(name: str) -> bool:
    """True for fonts that set mathematics, by PostScript name."""
    return _MATH_FONT.match(name) is not None


@lru_cache(maxsize=1024)
def is_small_caps(name: str) -> bool:
    """True for fonts of small capitals, by PostScript name."""
    return _SMALL_CAPS.search(name) is not None


def math_symbols(text: str) -> int:
    """How many characters of `text` are mathematical."""
    return 0 if _MATH_SYMBOLS.isdisjoint(text) else sum(char in _MATH_SYMBOLS for char in text)


def code_like(text: str) -> bool:
    """True for a line with the shape of a program's: braces, calls, statements."""
    return _CODE.search(text) is not None


def equal_advances(words: Sequence[Word]) -> bool:
    """True when every letter takes the same width, whatever the font is called.

    Needs four different words of three or more ASCII characters, among them some that would differ in any
    other typeface; full-width scripts always are equal.
    """
    seen: set[str] = set()
    least, most = float("inf"), 0.0
    for word in words:
        text = word.text
        if len(text) < 3 or not text.isascii() or not any(map(str.isalpha, text)):
            continue
        seen.add(text)
        advance = word.box.width / len(text)
        least, most = min(least, advance), max(most, advance)
        if most - least > _SPREAD * most:
            return False
    if len(seen) < 4:
        return False
    usual = [sum(map(_em, text)) / len(text) for text in seen]
    return max(usual) - min(usual) > _CONTRAST * max(usual)


def fixed_fonts(words: Sequence[Word], fonts: Sequence[Font]) -> frozenset[int]:
    """The fonts of a page's words whose letters all take the same width, and that do not say so themselves.

    Browsers set fonts that they may not embed as drawings without a name. The boxes of some words end with
    the ink, and some words end with a stop in another font, but most are as wide as their letters' advances.
    """
    seen: dict[int, dict[str, float]] = {number: {} for number, font in enumerate(fonts) if not font.mono}
    asked = dict(seen)  # without those that have shown enough
    for word in words:
        advances = asked.get(word.font)
        if advances is None or not word.size > 0:
            continue
        text = word.text
        if len(text) >= 3 and text.isascii() and any(map(str.isalpha, text)):
            advances[text] = word.box.width / len(text) / word.size
            if len(advances) == _ENOUGH_WORDS:
                del asked[word.font]
    return frozenset(font for font, advances in seen.items() if _fixed(advances))


def _fixed(advances: Mapping[str, float]) -> bool:
    """True where most words have one advance, words that would differ in any other typeface."""
    if len(advances) < _LEAST_WORDS:
        return False
    usual = sorted(advances.values())[len(advances) // 2]
    equal = [text for text, advance in advances.items() if abs(advance - usual) <= _EXACT * usual]
    widths = [sum(map(_em, text)) / len(text) for text in equal]
    return len(equal) >= _MOST * len(advances) and max(widths) - min(widths) > _CONTRAST * max(widths)


def optical_size(text: str, width: float) -> float:
    """The font size at which a common typeface would set `text` as wide as that; 0 for no text.

    Says more of recognised text than its height, which depends on ascenders and descenders.
    """
    ems = sum(_em(char) for char in text)
    return width / ems if ems > 0 else 0.0


def _em(char: str) -> float:
    if char in "iljtfrI.,;:'!|()[] ":
        return 0.28
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return 0.68 if char.isupper() or char in "mwMW@%" else 0.5
