"""Typewriter type that is no program: letters, transcripts, court papers and receipts set in Courier.

In a document set in proportional type a monospaced passage is code unless it reads as prose does. In one
whose body is monospaced the type says nothing, so there only what has the shape of a program is code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec.structs import replace

from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.blocks.traits import code_like

__all__ = ["without_typed_prose"]

_SYMBOLS = frozenset("{}[]<>=|\\_$#&^~;`")
_CALL = re.compile(r"[\w\])]\(")
_DECORATION = re.compile(r"_{3,}|-{3,}|={3,}|~{3,}|#{3,}")  # a line of dashes, a blank to fill in
_PLAIN = re.compile(r"[\"'“‘(]?(?:[^\W\d_]++(?:['’.-][^\W\d_]++)*+|\d++(?:[.,:/-]\d++)*+)[.,;:!?\"'”’)]*+")
_SENTENCE_END = re.compile(r"[^\W\d_]{2}[.!?][\"'”’)]?")
_DENSE = 0.06  # symbols among the characters of a line that is written as programs are
_STRUCTURED = 0.34  # of the lines of a passage
_BLANK_LINE = 1.6  # em between the tops of lines between which one was left out, at least
_FEW = 3  # lines of a passage that its neighbours decide about
_LEAST_WORDS = 12  # of prose


def without_typed_prose(rows: Sequence[Row], *, typed: bool) -> list[Row]:
    """The rows, those that are typed text no longer taken for code.

    `typed` says that the document's body is monospaced. Rows are in the order of the page's stream.
    """
    found = list(rows)
    for mono, run in groupby(range(len(found)), key=lambda number: found[number].mono):
        if not mono:
            continue
        for passage in _typed(list(run), found) if typed else _prose(list(run), found):
            for number in passage:
                found[number] = replace(found[number], code=False)
    return found


def _prose(run: list[int], rows: Sequence[Row]) -> Iterator[list[int]]:
    """The whole run where it reads as prose, or is one line that names something."""
    lines = [rows[number].text for number in run]
    if _reads_as_prose(lines) or (len(lines) == 1 and _is_name(lines[0])):
        yield run


def _typed(run: list[int], rows: Sequence[Row]) -> Iterator[list[int]]:
    """The passages between blank lines that are not written as programs are, nor stand between such."""
    passages: list[list[int]] = []
    for number in run:
        last = rows[passages[-1][-1]] if passages else None
        row = rows[number]
        if last is not None and 0 <= row.box.t - last.box.t < _BLANK_LINE * row.size:
            passages[-1].append(number)
        else:
            passages.append([number])
    code = [_is_program([rows[number].text for number in passage]) for passage in passages]
    for place, passage in enumerate(passages):
        beside = code[max(0, place - 1) : place] + code[place + 1 : place + 2]
        lines = [rows[number].text for number in passage]
        if not code[place] and not (any(beside) and len(lines) <= _FEW and not _speaks(lines)):
            yield passage


def _is_program(lines: Sequence[str]) -> bool:
    """True when many of the lines, and two at least, have the symbols or the shape of code."""
    structured = sum(map(_is_structured, lines))
    return structured >= 2 and structured >= _STRUCTURED * len(lines)


def _is_structured(text: str) -> bool:
    if code_like(text):
        return True
    text = _DECORATION.sub("", text)
    symbols = sum(char in _SYMBOLS for char in text) + len(_CALL.findall(text))
    return symbols >= 2 and symbols >= _DENSE * len(text)


def _speaks(lines: Sequence[str]) -> bool:
    """True for lines one of which has the words of a sentence."""
    return any(sum(_PLAIN.fullmatch(word) is not None for word in line.split()) >= 5 for line in lines)


def _reads_as_prose(lines: Sequence[str]) -> bool:
    """True for sentences: plain words, most of them in small letters, with full stops."""
    words = " ".join(lines).split()
    if len(words) < _LEAST_WORDS and not (len(lines) == 1 and len(words) >= _LEAST_WORDS // 2):
        return False
    if any(map(_is_structured, lines)):
        return False
    plain = [word for word in words if _PLAIN.fullmatch(word) is not None]
    small = sum(word.lstrip("\"'“‘(")[:1].islower() for word in plain)
    ends = sum(_SENTENCE_END.search(word) is not None for word in plain)
    return len(plain) >= 0.85 * len(words) and small >= 0.6 * len(plain) and ends > 0


def _is_name(text: str) -> bool:
    """True for a heading or a caption in capitals: plain words alone, and two of them at least."""
    words = text.rstrip(".:").split()
    long = [word for word in words if len(word) > 3]
    if len(words) < 2 or not all(_PLAIN.fullmatch(word) and not word.isdigit() for word in words):
        return False
    return bool(long) and all(word.lstrip("\"'“‘(")[:1].isupper() for word in long)
