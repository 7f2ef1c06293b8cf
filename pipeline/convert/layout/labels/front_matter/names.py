"""Lists of people: the names in a line, and the marks behind them that point to affiliations and notes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from docmill.pipeline.convert.layout.labels.front_matter.affiliations import names_institution

__all__ = ["Names", "names_in"]

_MOST_CHARS = 2000  # of a block that are read; a list of names as long as that is one already
_MOST_WORDS = 6  # of one name
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_INDEXES = _LETTERS | {str(number) for number in range(100)}

#: Signs that point to a note, and digits and letters that are superscripts by themselves.
_SIGNS = "*∗⁎＊†‡§¶‖#⋆★✉⁰¹²³⁴⁵⁶⁷⁸⁹ªºᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘ"
#: What stands between two names.
_POINTS = ",;&|/·•⋅、，；،؛"
_POINTS_APART = str.maketrans({point: f" {point} " for point in _POINTS})
_JOINER = re.compile(r"and|und|et|[eyiaи]|en|og|och|ja|és|ve|та|και|ו|و|和|及|与|與|と|및", re.IGNORECASE)
#: A word before a list of names.
_BY = re.compile(r"by|par|por|door|av|af|od|作者|著者|작성자", re.IGNORECASE)
#: Words within a name that are written small.
_PARTICLE = re.compile(
    r"von|van|vom|del?|dell[aeo]|de[rns]|d[aiou]|d[ao]s|la|le|los|las|te[rn]?|zu[mr]?|a[fv]|bin|ibn|al|el|op"
)
_TITLE = re.compile(
    r"[js]r|i{2,3}|iv|d?ph\.?d|d\.?sc|[bm]\.?sc|[bm]\.?a|mba|m\.?d|mph|d[dv]s|jd|[bm]eng", re.IGNORECASE
)
_NO_NAME = frozenset('0123456789:=<>!?"“”„«»…_@\\')
_ASIDE = re.compile(r"\([^()]{4,}\)")  # what is said of a person; shorter ones may be marks


@dataclass(frozen=True, slots=True)
class Names:
    """What a text is made of when it is read as a list of people."""

    people: int = 0
    others: int = 0  # parts that are no names
    marked: int = 0  # places where marks stand behind a word
    marks: frozenset[str] = frozenset()
    raised: bool = False  # something stands above the line, as marks do

    @property
    def pure(self) -> bool:
        """True for people and nothing else."""
        return self.people > 0 and not self.others

    @property
    def indexed(self) -> bool:
        """True when raised digits or letters behind several words count affiliations."""
        return self.raised and self.marked > 1 and any(mark in _INDEXES for mark in self.marks)

    @property
    def numbered(self) -> bool:
        """True when all marks are digits on the line, which may be marks or not."""
        return self.marked > 0 and not self.raised and all(mark in _INDEXES for mark in self.marks)


def names_in(text: str, *, raised: bool) -> Names:
    """Read a text as a list of people.

    Digits behind a word are marks: they stand on the line where a typeface has raised figures of its own, and
    where the text was recognised. Single letters are only when some of the text is `raised` above the line.
    A text that starts with a mark is no list of people but an affiliation or a note.
    """
    people = others = marked = 0
    marks: set[str] = set()
    part: list[str] = []
    behind = False  # nothing but marks came since the last word
    tokens = _tokens(text)
    if not tokens or tokens[0][0] in _SIGNS or not _parted(tokens[0], raised=raised)[0]:
        return Names()
    for token in [*tokens, ","]:
        word, mark = _parted(token, raised=raised)
        ends = not word or _joins(word)
        if not ends:
            part.append(word)
            behind = False
        if part and (ends or mark):
            if _is_person(part):
                people += 1
            elif not all(_TITLE.fullmatch(each.strip(".")) for each in part):
                others += 1
            part = []
        if mark:
            marks.update(mark if mark[0] in _SIGNS else [mark])
            marked += not behind
            behind = True
    return Names(people, others, marked, frozenset(marks), raised)


def _tokens(text: str) -> list[str]:
    """Words, with what is said of people in brackets left out and what stands between them apart."""
    text = _ASIDE.sub(" ", text[:_MOST_CHARS])
    if ";" in text:
        text = text.replace(",", " ")  # Winter, Emil; Fischer, Mia
    tokens = text.translate(_POINTS_APART).split()
    return tokens[1:] if tokens and _BY.fullmatch(tokens[0].strip(":")) else tokens


def _joins(word: str) -> bool:
    """True for what stands between two names; a capital letter is an initial."""
    initial = len(word) == 1 and word.isupper()
    return word in _POINTS or (not initial and _JOINER.fullmatch(word) is not None)


def _parted(token: str, *, raised: bool) -> tuple[str, str]:
    """The word of a token and the mark at it; either may be ""."""
    word = token.strip(_SIGNS)
    if not word:
        return "", token
    start = token.find(word)
    mark = token[:start] + token[start + len(word) :]
    core = word.strip("()[]{}.")
    if (raised and core in _LETTERS) or (core.isdecimal() and len(core) <= 2):
        return "", mark + core
    stem = word.rstrip("0123456789")
    glued = stem.replace("-", "").isalpha() and 0 < len(word) - len(stem) <= 2
    return (stem, mark + word[len(stem) :]) if glued else (word, mark)


def _is_person(part: Sequence[str]) -> bool:
    """True for two or more capitalised words or initials, or for a few characters that no space parts."""
    words = " ".join(part).replace(".", " ").replace(" -", " ").split()
    if len(words) == 1 and 2 <= len(words[0]) <= 4:
        return all(map(_is_ideograph, words[0]))
    names = 0
    for word in words:
        if _PARTICLE.fullmatch(word):
            continue
        head, dash, tail = word.partition("-")
        bare = tail if dash and _PARTICLE.fullmatch(head) else word
        if bare[:2] in {"d'", "d’", "l'", "l’"}:
            bare = bare[2:]
        if not bare[:1].isalpha() or bare[0].islower() or not _NO_NAME.isdisjoint(bare):
            return False
        names += 1
    spelt = any(len(word) > 1 for word in words)
    return spelt and 2 <= names <= _MOST_WORDS and not names_institution(" ".join(words))


def _is_ideograph(char: str) -> bool:
    """True for Chinese, Japanese and Korean characters."""
    return unicodedata.name(char, "").startswith(("CJK UNIFIED", "HANGUL SYLLABLE", "HIRAGANA", "KATAKANA"))
