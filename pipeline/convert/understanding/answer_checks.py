"""What can be wrong with a model's answer, found before anything is made of it."""

from __future__ import annotations

import re

from docmill.pipeline.convert.errors import (
    AnswerEmptyError,
    AnswerLoopError,
    AnswerTruncatedError,
    AnswerUnparsableError,
    PromptRefusedError,
    ServerFailedError,
    TagsStrippedError,
)
from docmill.pipeline.convert.understanding.profiles import AnswerFormat

__all__ = ["check_answer", "is_looping"]

#: A tail that consists of the same characters so many times over, and is so long, is a loop.
LOOP_REPEATS = 12
LOOP_CHARS = 480
#: Loops of longer periods end at the limit of tokens.
_LOOP_WINDOW = 6000
#: Boxes shift from turn to turn of a loop, and tables may have any number of empty cells.
_NO_CONTENT = re.compile(r"<loc_\d+>|<ecel>|<nl>|[\s.|_-]+")
_TAG = re.compile(r"</?[a-z][a-z_0-9]*>")
_OPENING = re.compile(
    r"<(?P<tag>title|text|caption|footnote|formula|list_item|page_header|page_footer|picture|chart|code|otsl|"
    r"document_index|inline|checkbox_(?:un)?selected|key_value_region|section_header_level_[1-6]|"
    r"(?:un)?ordered_list)>"
)


def check_answer(text: str, finish: str | None, format_: AnswerFormat, *, page: int) -> None:
    """Raise the `NotUnderstoodError` that says what is wrong with an answer; `finish` is its finish reason.

    Says nothing of what only shows when a document is made of it.
    """
    what = f"the model's answer for page {page}"
    if is_looping(text):
        raise AnswerLoopError(f"{what} repeats {_tail(text)} without end", page=page)
    match finish:
        case "stop":
            pass
        case "length":
            raise AnswerTruncatedError(f"{what} was cut off after {len(text)} characters", page=page)
        case "content_filter":
            raise PromptRefusedError(f"the server's content filter withheld {what}", page=page)
        case _:
            raise ServerFailedError(f"{what} ended with {finish or 'no reason'}", page=page)
    if not _TAG.sub("", text).strip() and not re.search(r"<(picture|chart)>", text):
        raise AnswerEmptyError(f"{what} is empty", page=page)
    if format_ == "doctags":
        _check_doctags(text, what, page)


def is_looping(text: str) -> bool:
    """Whether the text's end is the same thing over and over, boxes and empty cells left aside.

    Looks at the last few thousand characters only, so it may be asked again while an answer grows.
    """
    tail = _NO_CONTENT.sub("", text[-_LOOP_WINDOW:])[::-1]
    return any(
        length >= LOOP_CHARS and length >= LOOP_REPEATS * (length - border)
        for length, border in enumerate(_borders(tail), 1)
    )


def _borders(text: str) -> list[int]:
    """For each prefix, the length of its longest border: the table of Knuth, Morris and Pratt."""
    borders = [0] * len(text)
    length = 0
    for position in range(1, len(text)):
        while length and text[position] != text[length]:
            length = borders[length - 1]
        if text[position] == text[length]:
            length += 1
        borders[position] = length
    return borders


def _check_doctags(text: str, what: str, page: int) -> None:
    opened = [match["tag"] for match in _OPENING.finditer(text)]
    if not opened:
        if _TAG.search(text) is None:
            raise TagsStrippedError(f"{what} has no tags: {_tail(text[:60])}", page=page)
        raise AnswerUnparsableError(f"{what} has no element of DocTags: {_tail(text[:60])}", page=page)
    for tag in dict.fromkeys(opened):
        if opened.count(tag) > text.count(f"</{tag}>"):
            raise AnswerUnparsableError(f"{what} leaves <{tag}> open", page=page)


def _tail(text: str) -> str:
    return repr(text.strip()[-60:])
