"""Lines joined to text: what becomes of the space, or of the hyphen, at the end of a line.

Chinese and Japanese are set without spaces, so none comes of a line's end. A hyphen at a line's end stays,
with no space behind it, unless only the line's end asked for it (`hyphens.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docmill.pipeline.convert.joining.hyphens import Vocabulary, hyphen_between

__all__ = [
    "LINE_END_DASHES",
    "UNSETTLED",
    "decided",
    "is_unspaced",
    "join_lines",
    "joined",
    "settled",
    "without_line_end_dash",
]

#: Stands for a hyphen of which only the whole document can say whether the word has it: a noncharacter.
UNSETTLED = "\ufdd0"
#: What lines may end with besides "-": a soft hyphen, and dashes that part words and are never hyphenation.
LINE_END_DASHES = "\u00ad\u2013\u2014\u2015"
_SOFT_HYPHEN = "\u00ad"

# Han, kana, bopomofo, their marks, and fullwidth forms. Hangul is set with spaces.
_CLOSED_UP = (
    "\u2e80-\u2fdf\u3001-\u303f\u3041-\u30ff\u3100-\u312f\u31a0-\u31ff\u3220-\u33ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff9f\U00020000-\U0003ffff"
)
_UNSPACED = re.compile(f"[{_CLOSED_UP}]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_MARK = re.compile("[\u3001-\u3003\u3008-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]")
_SPACED = re.compile(f"[{_CLOSED_UP}] [A-Za-z0-9]|[A-Za-z0-9] [{_CLOSED_UP}]")
_CLOSE = re.compile(f"[{_CLOSED_UP}][A-Za-z0-9]|[A-Za-z0-9][{_CLOSED_UP}]")
#: Looked at on either side of a hyphen: longer than any word.
_REACH = 64
#: Letters of an acronym.
_ACRONYM = 4
_ADDRESS = re.compile(r"[/@]|www\.")


def is_unspaced(char: str) -> bool:
    """Whether it is of a script that is set without spaces: Chinese or Japanese."""
    return _UNSPACED.match(char) is not None


def join_lines(lines: Sequence[str], vocabulary: Vocabulary) -> str:
    """The text of lines that follow each other, as one."""
    return settled(joined([line.replace(UNSETTLED, "") for line in lines]), vocabulary)


def joined(lines: Sequence[str]) -> str:
    """The text of lines that follow each other; `settled` must see it when the whole document is known."""
    lines = [stripped for line in lines if (stripped := line.strip())]
    if not lines:
        return ""
    habit = _habit(lines)
    ends = (_end(line, following, habit) for line, following in pairwise(lines))
    return "".join(ends) + without_line_end_dash(lines[-1])


def settled(text: str, vocabulary: Vocabulary) -> str:
    """`text` with every hyphen kept or dropped."""
    return decided(text, vocabulary)[0]


def decided(text: str, vocabulary: Vocabulary) -> tuple[str, list[str]]:
    """The settled text, and what each hyphen that `joined` had left has become in it."""
    parts = text.split(UNSETTLED)
    done, hyphens = parts[0], []
    for part in parts[1:]:
        hyphens.append(hyphen_between(_word_before(done), _word_after(part), vocabulary))
        done += hyphens[-1] + part
    return done, hyphens


def without_line_end_dash(line: str) -> str:
    """A line whose text ends with what docling writes for any dash."""
    return line[:-1] + "-" if line.endswith(tuple(LINE_END_DASHES)) else line


@dataclass(frozen=True)
class _Habit:
    """How text is set: whether Chinese and Japanese close up, also with Latin letters and figures."""

    closed: bool = False
    closed_to_latin: bool = False


_LATIN = _Habit()


def _habit(lines: Sequence[str]) -> _Habit:
    text = "\n".join(lines)
    unspaced = 0 if text.isascii() else len(_UNSPACED.findall(text))
    if not unspaced or len(_HANGUL.findall(text)) > unspaced:  # Korean may have a few Chinese characters
        return _LATIN
    return _Habit(True, len(_SPACED.findall(text)) <= len(_CLOSE.findall(text)))


def _end(line: str, following: str, habit: _Habit) -> str:
    """A line with what comes between it and the next one."""
    last, first = line[-1], following[0]
    if last == "-" or last in LINE_END_DASHES:
        return _hyphen(line, following)
    return line if _closes_up(last, first, habit) else f"{line} "


def _closes_up(last: str, first: str, habit: _Habit) -> bool:
    if not habit.closed or (last.isascii() and first.isascii()):
        return False
    left, right = _UNSPACED.match(last), _UNSPACED.match(first)
    if (left and right) or _MARK.match(last) or _MARK.match(first):
        return True
    other = first if left else last
    return bool(left or right) and (habit.closed_to_latin or not other.isalnum())


def _hyphen(line: str, following: str) -> str:
    text, dash = line[:-1], line[-1]
    if not text or text[-1].isspace():  # a dash between words, or a bullet
        return f"{text}- "
    before, after = text[-1], following[0]
    letters = before.isalpha() and after.isalpha()
    if dash == _SOFT_HYPHEN and letters:
        return text
    word = text[-_REACH:].rpartition(" ")[2] + following[:_REACH].partition(" ")[0]
    if dash != "-" or not letters or _ADDRESS.search(word):
        return f"{text}-"
    ends = _word_before(text), _word_after(following)
    if all(end.isupper() and len(end) <= _ACRONYM for end in ends) and not text.isupper():
        return f"{text}-"  # CD-ROM, but INTRO-DUCTION and SEC-TION in a heading
    return text + UNSETTLED


def _word_before(text: str) -> str:
    end = text[-_REACH:]
    begin = len(end)
    while begin and (end[begin - 1].isalpha() or end[begin - 1] == "-"):
        begin -= 1
    return end[begin:].lstrip("-")


def _word_after(text: str) -> str:
    end = 0
    while end < min(len(text), _REACH) and (text[end].isalpha() or text[end] == "-"):
        end += 1
    return text[:end].rstrip("-")
