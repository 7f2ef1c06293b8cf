"""Whether a word has the hyphen that stands at the end of a line, or only the line's end asked for it.

There is no dictionary. What tells: how the document writes the word elsewhere, capitals, single letters, the
elements that English compounds are made of, and whether the document hyphenates at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from docmill.pipeline.convert.joining.english import (
    ALWAYS_BEFORE,
    ENDINGS,
    FUSING,
    FUSING_TAILS,
    HEADS,
    INNER,
    PAIRS,
    TAILS,
)

__all__ = ["Vocabulary", "hyphen_between"]

#: What becomes of a hyphen: the word has it, the line had it, or a part of the word is left out after it.
_KEPT, _GONE, _SUSPENDED = "-", "", "- "

#: A document of more different words is not read for more of them.
MAX_WORDS = 200_000
#: Lines of prose have so many spaces at least. Of so many such lines more than this share end with a hyphen
#: in a document that hyphenates: compounds alone, under one word in a hundred, do not get there.
_PROSE_SPACES = 5
_ENOUGH_LINES = 100
_LEAST_SHARE = 0.008
#: The first word of an English compound has so many letters at least, and both have when nothing but their
#: standing alone tells.
_FEWEST_LETTERS, _WORD_LETTERS = 3, 4

_LINE_END_HYPHENS = frozenset("-\u00ad")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
#: French: words of every text, pronouns that follow their verb, and what it then ends with.
_FRENCH, _LEAST_FRENCH = ("le", "la", "les", "des", "une", "que", "et", "dans", "est"), 3
_AFTER_CONSONANT, _AFTER_PLURAL = frozenset({"il", "elle", "ils", "elles", "on"}), frozenset({"nous", "vous"})
_VOWELS = frozenset("aeiouyàâäéèêëîïôöùûü")
_AFTER_SUSPENDED = frozenset({"und", "oder", "bzw", "sowie"})
_AFTER_SUSPENDED_WORD = frozenset({"and", "or"})


class Vocabulary:
    """The words of a document, or of a page of it, as they stand within its lines."""

    def __init__(self) -> None:
        self._words: Counter[str] = Counter()
        self._prose = self._hyphens = 0

    def add(self, lines: Iterable[str]) -> None:
        """Take in lines that follow each other; what is cut at their ends is no word of the document."""
        cut = False
        for line in lines:
            begin, cut = int(cut), line[-1:] in _LINE_END_HYPHENS and line[-2:-1].isalpha()
            if line.count(" ") >= _PROSE_SPACES:
                self._prose += 1
                self._hyphens += cut
            if len(self._words) < MAX_WORDS:
                words = _WORD.findall(line)
                self._words.update(words[begin : len(words) - cut])

    def count(self, word: str) -> int:
        """How often a word was seen, with a capital or without."""
        lower = word.lower()
        return sum(self._words[form] for form in {word, lower, lower.capitalize()})

    def has(self, word: str) -> bool:
        """Whether it was seen exactly so."""
        return word in self._words

    @property
    def hyphenates(self) -> bool:
        """False for a document that is long enough to say that it does not break words."""
        return self._prose < _ENOUGH_LINES or self._hyphens > _LEAST_SHARE * self._prose

    @property
    def is_french(self) -> bool:
        """Whether three of its commonest words are in it."""
        return sum(map(self.has, _FRENCH)) >= _LEAST_FRENCH

    @property
    def is_english(self) -> bool:
        """Whether "the" and "of" are in it."""
        return self.has("the") and self.has("of")


def hyphen_between(left: str, right: str, vocabulary: Vocabulary) -> str:
    """What stands between the parts of a word, which may have hyphens themselves: `-`, nothing, or `- `."""
    before, after = left.rpartition("-")[2], right.partition("-")[0]
    whole, compound = vocabulary.count(before + after), vocabulary.count(f"{before}-{after}")
    if vocabulary.has(f"{left}-{right}"):
        return _KEPT
    if whole != compound:
        return _KEPT if compound > whole else _GONE
    if not (_cased(before) and _cased(after)):
        return _KEPT
    if len(before) == 1 or len(after) == 1:  # n-butanol, X-ray, vitamin-C: nobody breaks off one letter
        return _KEPT
    if before.isupper() != after.isupper() or (after[0].isupper() and not after.isupper()):
        return _KEPT  # PDF-based, non-EU, Jean-Pierre
    if right in _AFTER_SUSPENDED or (right in _AFTER_SUSPENDED_WORD and _stands_alone(before, vocabulary)):
        return _SUSPENDED
    if _is_inverted(before.lower(), after, vocabulary):
        return _KEPT
    if "-" in left and before.lower() in INNER:
        return _KEPT
    if "-" in right and after in INNER:
        return _KEPT
    kept = _is_compound(before.lower(), after, vocabulary) or not vocabulary.hyphenates
    return _KEPT if kept else _GONE


def _cased(text: str) -> bool:
    """Whether it is of a script with capitals; the others do not break words with hyphens."""
    return text.lower() != text.upper()


def _stands_alone(word: str, vocabulary: Vocabulary) -> bool:
    return word.lower() in HEADS or vocabulary.has(word) or vocabulary.has(word.lower())


def _is_inverted(before: str, after: str, vocabulary: Vocabulary) -> bool:
    """Whether a French pronoun follows its verb; no French word is broken between a consonant and a vowel."""
    if after in _AFTER_CONSONANT:
        follows = before[-1] not in _VOWELS
    else:
        follows = after in _AFTER_PLURAL and before.endswith(("ons", "ez"))
    return follows and vocabulary.is_french


def _is_compound(before: str, after: str, vocabulary: Vocabulary) -> bool:
    if before in ALWAYS_BEFORE:
        return after not in ENDINGS
    if not vocabulary.is_english:
        return False
    if before in PAIRS:
        second = PAIRS[before]
        return second is None or after in second
    if before in HEADS and after not in ENDINGS and len(after) >= _WORD_LETTERS:
        return True
    if len(before) < _FEWEST_LETTERS or before in FUSING:
        return False
    # a tail of compounds, or two words side by side: "student-centered" but not "over-view"
    return after in TAILS or (
        min(len(before), len(after)) >= _WORD_LETTERS
        and after not in FUSING_TAILS
        and vocabulary.has(before)
        and vocabulary.has(after)
    )
