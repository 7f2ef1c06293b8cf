"""Words spaced out with typed spaces, `R E C E I V E D`: their letters put together again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from docmill.pipeline.convert.pdf.text.pieces import Piece

__all__ = ["spelled_words"]

#: Letters in a row, the gap between them in em, and the wider one between words, in usual ones.
_LEAST, _WIDEST, _WORDS = 5, 0.6, 1.6
#: Of a word's letters, so many are different ones: `Y N Y N Y N` is none.
_DIFFERENT = 0.6
_VOWELS = frozenset("AEIOUYÀÁÂÃÄÅÆÈÉÊËÌÍÎÏÒÓÔÕÖØÙÚÛÜŒ")
#: What is written letter by letter and is no word: answers, bases, points of the compass.
_NO_WORDS = frozenset("ABCDE"), frozenset("ACGTU"), frozenset("NESWO")


def spelled_words(groups: list[list[Piece]]) -> list[list[Piece]]:
    """The words of a line, given from left to right as their pieces, with spelled ones put together."""
    if len(groups) < _LEAST or sum(_is_letter(group) for group in groups) < _LEAST:
        return groups
    done: list[list[Piece]] = []
    run: list[list[Piece]] = []
    for group in [*groups, []]:
        if group and _is_letter(group) and (not run or _gap(run[-1], group) <= 2 * _WIDEST):
            run.append(group)
            continue
        done += _put_together(run)
        run = [group] if group and _is_letter(group) else []
        if group and not run:
            done.append(group)
    return done


def _is_letter(group: Sequence[Piece]) -> bool:
    return len(group) == 1 and len(group[0].text) == 1 and group[0].text.isalpha() and group[0].text.isupper()


def _gap(one: Sequence[Piece], two: Sequence[Piece]) -> float:
    return (two[0].start - one[-1].stop) / max(one[-1].size, two[0].size)


def _put_together(run: list[list[Piece]]) -> list[list[Piece]]:
    if len(run) < _LEAST:
        return run
    gaps = [_gap(one, two) for one, two in pairwise(run)]
    usual = median(gaps)
    words: list[list[Piece]] = [list(run[0])]
    for gap, group in zip(gaps, run[1:], strict=True):
        if gap > _WORDS * usual:
            words.append(list(group))
        else:
            words[-1] += group
    return words if usual <= _WIDEST and all(map(_is_word, words)) else run


def _is_word(pieces: Sequence[Piece]) -> bool:
    letters = [piece.text for piece in pieces]
    different = set(letters)
    listed = len(letters) > 2 and letters == sorted(letters)
    if listed or len(different) < _DIFFERENT * len(letters) or any(map(different.issubset, _NO_WORDS)):
        return False
    return len(letters) < 3 or bool(different & _VOWELS and different - _VOWELS)
