"""Which lines of a text layer may not say what the page shows: fonts lack a Unicode map, or have a wrong one.

It is a suspicion: what OCR reads there decides (`docmill.pipeline.convert.replaced_text`). A false one costs
OCR of the lines and changes nothing.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from docmill.pipeline.convert.pdf.missing_text.letter_pairs import (
    LIKELY,
    MIN_PAIRS,
    UNLIKELY,
    pair_likelihood,
)
from docmill.pipeline.convert.types import Font, TextCell, Word

__all__ = ["doubtful_cells", "says_nothing"]

#: A line says nothing when so much of it has no meaning: single symbols and bullets stand in lines that do.
_NOTHING_SHARE = 0.3
_NOTHING_CHARS = 3
#: Fewer such characters, in all or of a page's, are bullets and formulas.
_LEAST_CHARS = 40
_LEAST_SHARE = 0.1
#: Where most of a page is doubtful, so are the lines in other fonts that are not like a language: titles have
#: too few letters to tell by themselves.
_MOST_SHARE = 0.5
#: Signs that neither prose, figures nor formulas are made of: codes that count glyphs fall on them.
_SIGNS = "!\"#$%&'*?@`"
_SIGN_SHARE, _SIGN_KIND = 0.12, 0.01
_LEAST_KINDS = 4
#: Nor do these stand within figures, but now and then; of a font's words so many may.
_INNER_SIGNS = "!\"#$%&'()*+;<=>?@"
_LEAST_ODD, _ODD_SHARE = 7, 0.3
_LEAST_SIGNS = 120
#: A letter is so many where they are counted, those of a ligature, and so are no more pairs.
_LONGEST_LETTER = 4
#: Characters of a font on a page that tell whether its map is right.
_SAMPLE = 2000
#: Of a font's words, how many mix scripts that no language mixes.
_MIXED_SHARE = 0.5
_MIXED_WORDS = 20
_MIXED_LETTERS = 4  # symbols of formulas have fewer
#: Of a text layer's characters, how many are of words and numbers at least; and from how many on one can say.
_SAID = 0.5
_LEAST_MISREAD = 300
_AROUND_WORDS = ".,:;!?'\"()[]%$*“”‘’„«»·•–—"
_SCRIPTS = frozenset(
    {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "ARABIC", "DEVANAGARI", "THAI", "CJK"}
)


def doubtful_cells(
    words: Sequence[Word],
    cells: Sequence[TextCell],
    fonts: Sequence[Font],
    unseen: frozenset[int] = frozenset(),
) -> list[int]:
    """The indices of the doubtful ones among the line `cells` of a page; nearly always none.

    `unseen`: the numbers of the fonts of a scan's text layer.
    """
    every = _samples(words)
    # monospaced fonts set program code, and are not judged
    samples = {
        number: text
        for number, text in every.items()
        if not (0 <= number < len(fonts) and fonts[number].mono)
    }
    doubtful = {number for number, text in samples.items() if _moved(text)}
    doubtful |= {number for number, text in every.items() if number in unseen and _misread(text)}
    found, chars, total = list[int](), 0, 0
    for index, cell in enumerate(cells):
        total += len(cell.text)
        if says_nothing(cell.text) or (
            doubtful and _set_in(doubtful, words[cell.first : cell.first + cell.count])
        ):
            found.append(index)
            chars += len(cell.text)
    if chars < max(_LEAST_CHARS, _LEAST_SHARE * total):
        return []
    if chars > _MOST_SHARE * total:
        doubtful |= {number for number, text in samples.items() if pair_likelihood(text)[0] < LIKELY}
        known = set(found)
        found += (
            index
            for index, cell in enumerate(cells)
            if index not in known and _set_in(doubtful, words[cell.first : cell.first + cell.count])
        )
    return sorted(found)


def says_nothing(text: str) -> bool:
    """True for text much of which is U+FFFD, control codes, private use or unassigned."""
    if text.isascii() and text.isprintable():
        return False
    unknown = sum(map(_meaningless, text))
    return unknown >= max(_NOTHING_CHARS, _NOTHING_SHARE * (len(text) - text.count(" ")))


@lru_cache(maxsize=4096)
def _meaningless(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Co", "Cn")


def _set_in(fonts: set[int], words: Sequence[Word]) -> bool:
    doubtful = sum(len(word.text) for word in words if word.font in fonts)
    return 2 * doubtful > sum(len(word.text) for word in words)


def _samples(words: Sequence[Word]) -> dict[int, str]:
    """Words of each font."""
    samples: dict[int, dict[str, None]] = defaultdict(dict)  # a word that is repeated says no more than once
    for word in words:
        samples[word.font][word.text] = None
    return {number: " ".join(texts)[:_SAMPLE] for number, texts in samples.items()}


def _misread(text: str) -> bool:
    """True for what an OCR program makes of a page that lies upside down, or of an alphabet it lacks.

    Signs stand among the letters of most words. Code has such words too, but then OCR reads them again.
    """
    sample = text.split()
    chars = sum(map(len, sample))
    said = sum(len(word) for word in sample if word.strip(_AROUND_WORDS).replace("-", "").isalnum())
    return chars >= _LEAST_MISREAD and said < _SAID * chars


def _moved(text: str) -> bool:
    """True for what follows each other as in no language, belongs to no one script, or is no letters."""
    if _LONGEST_LETTER * len(text) >= MIN_PAIRS:
        likelihood, pairs = pair_likelihood(text)
        if pairs >= MIN_PAIRS:
            return likelihood < UNLIKELY
    return _of_signs(text) or (not text.isascii() and _mixed(text))


def _of_signs(text: str) -> bool:
    """True for many signs of several kinds: a price list has dollars and per cents."""
    if len(text) < _LEAST_SIGNS:
        return False
    words = [word for word in text.split() if len(word) > 2]
    if sum(map(_is_odd, words)) > max(_LEAST_ODD, _ODD_SHARE * len(words)):
        return True
    counts = [text.count(sign) for sign in _SIGNS]
    kinds = sum(count > _SIGN_KIND * len(text) for count in counts)
    return kinds >= _LEAST_KINDS and sum(counts) > _SIGN_SHARE * len(text)


def _is_odd(word: str) -> bool:
    """True for a word of figures and signs, no letters, with two signs within it, or one when it is short."""
    inner = sum(word.count(sign, 1, len(word) - 1) for sign in _INNER_SIGNS)
    return inner > (len(word) > 4) and not any(map(str.isalpha, word))


def _mixed(text: str) -> bool:
    words = [word for word in text.split() if sum(map(str.isalpha, word)) >= _MIXED_LETTERS]
    if len(words) < _MIXED_WORDS:
        return False
    mixed = sum(len({script for script in map(_script, word) if script}) > 1 for word in words)
    return mixed > _MIXED_SHARE * len(words)


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    """The script of a letter, as its name begins; empty for all else, and for letters used in formulas."""
    name = unicodedata.name(char, "").partition(" ")[0] if char.isalpha() else ""
    return name if name in _SCRIPTS else ""
