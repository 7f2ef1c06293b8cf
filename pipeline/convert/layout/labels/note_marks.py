"""Marks of notes: those raised in the text, and the lines that begin with one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docmill.pipeline.convert.types import PageContent, Word

__all__ = ["NO_MARKS", "NoteMarks", "bare_mark", "note_marks"]

_SMALL = 0.82  # of the size of its line: a raised mark
_RAISED = 0.08  # em by which it ends above the line's letters, at least
_MARK = re.compile(r"[(\[]?(?:\d{1,3}|[a-z]|[*∗†‡§¶‖※]{1,3})[)\]]?\.?")


@dataclass(frozen=True, slots=True)
class NoteMarks:
    """The marks in a page's text, bare; and its line cells that begin with a raised one."""

    calls: frozenset[str] = frozenset()
    openers: frozenset[int] = frozenset()


NO_MARKS = NoteMarks()


def note_marks(page: PageContent) -> NoteMarks:
    """The marks of a page's own text; recognised text has none that can be told."""
    calls: set[str] = set()
    openers: set[int] = set()
    for index, line in enumerate(page.cells):
        words = page.words[max(0, line.first) : max(0, line.first) + max(0, line.count)]
        if len(words) < 2 or words[0].angle:
            continue
        size = max(word.size for word in words)
        for place, word in enumerate(words):
            if word.size <= _SMALL * size and _MARK.fullmatch(word.text) and _raised(word, words, size):
                if place:
                    calls.add(bare_mark(word.text))
                else:
                    openers.add(index)
    return NoteMarks(frozenset(calls), frozenset(openers))


def bare_mark(word: str) -> str:
    """A mark without brackets and full stop: that of a note may have others than the one in the text."""
    return word.strip("()[].")


def _raised(mark: Word, words: Sequence[Word], size: float) -> bool:
    foot = max(word.box.b for word in words if word.size == size)
    return mark.box.b < foot - _RAISED * size
