"""Headings that the document's bookmarks name: lines of a page that are, in whole, a title on it."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.markers import CAPTION, is_bullet
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.types import OutlineEntry

__all__ = ["bookmarked_rows", "titles_by_page"]

_MOST_CHARS = 300  # of a title that is looked for
_MOST_LINES = 4  # that a title takes
_LEAST_LETTERS = 2
#: The number before a title, which bookmarks may lack.
_NUMBER = re.compile(
    r"(?:(?i:chapter|section|part|appendix)\s+(?:\d{1,3}|[A-Z]|[IVX]{1,5})|\d{1,3}(?:\.\d{1,3}){0,5}|[A-Z](?:\.\d{1,3}){1,5}"
    r"|(?:[A-Z]|[IVX]{1,5})(?=[.:)]))[.:)]?\s+"
)


def titles_by_page(outline: Sequence[OutlineEntry]) -> dict[int, tuple[str, ...]]:
    """The titles of bookmarks by the page that they lead to, as `bookmarked_rows` wants them: letters alone.

    Figures and tables, which some publishers list too, are left out.
    """
    found: dict[int, set[str]] = {}
    for entry in outline:
        if entry.page is None or len(entry.title) > _MOST_CHARS or CAPTION.match(entry.title):
            continue
        found.setdefault(entry.page, set()).update(_readings(entry.title))
    return {page: tuple(sorted(titles)) for page, titles in found.items()}


def bookmarked_rows(rows: Sequence[Row], titles: Sequence[str]) -> dict[int, int]:
    """The first cell of each row that is a title, or a line of one, with a number for the title's place.

    `titles` are sorted. Where several lines have the words of one title, as links to it and running heads do,
    the most prominent is meant, and of equals the last.
    """
    if not titles:
        return {}
    ordered = sorted(rows, key=lambda row: (row.box.t, row.box.l))
    best: dict[str, list[Row]] = {}
    for place, row in enumerate(ordered):
        for text in _readings(row.text):
            lines = _lines_of_title(text, place, ordered, titles)
            if not lines:
                continue
            title = "".join([text, *(_letters(line.text) for line in lines[1:])])
            if title not in best or _prominence(lines[0]) >= _prominence(best[title][0]):
                best[title] = lines
    return {row.cells[0]: number for number, lines in enumerate(best.values()) for row in lines}


def _lines_of_title(text: str, place: int, rows: Sequence[Row], titles: Sequence[str]) -> list[Row]:
    """The row at `place`, which reads `text`, and those under it with which it is a title; else nothing."""
    lines = [rows[place]]
    for row in rows[place + 1 : place + 1 + 2 * _MOST_LINES]:
        found = bisect_left(titles, text)
        if found == len(titles) or not titles[found].startswith(text):
            return []
        if titles[found] == text:
            return lines
        if len(lines) < _MOST_LINES and _goes_on(lines[-1], row):
            text += _letters(row.text)
            lines.append(row)
    found = bisect_left(titles, text)
    return lines if found < len(titles) and titles[found] == text else []


def _goes_on(upper: Row, row: Row) -> bool:
    """True for the next line of a heading of several: right under it, in its type."""
    return (
        abs(row.size - upper.size) < 0.15 * upper.size
        and 0.5 * upper.size < row.box.t - upper.box.t < 2 * upper.size
        and min(row.box.r, upper.box.r) > max(row.box.l, upper.box.l)
    )


def _prominence(row: Row) -> tuple[bool, float, bool]:
    return not is_bullet(row.first, row.first_font), row.size, row.bold


def _readings(text: str) -> set[str]:
    """A title's letters, with its number and without."""
    bare = _NUMBER.sub("", text, count=1) if _NUMBER.match(text) else text
    return {letters for letters in (_letters(text), _letters(bare)) if len(letters) >= _LEAST_LETTERS}


def _letters(text: str) -> str:
    """Letters and digits alone, without case: what is the same in a bookmark however a heading is set."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())
