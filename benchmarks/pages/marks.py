"""Marks: a number for each block of a document, and the near-black colour that carries it through a setter.

A colour comes back from PDFium with each character, whatever the setter, so what a character belongs to is
known exactly: in running heads and in PDFs without tags too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

__all__ = ["MOST_MARKS", "Cell", "Mark", "Marks", "Role", "colour_of", "number_of"]

#: Values of a channel: darker than 36 of 255 looks black, and three channels tell 46,655 blocks apart.
_STEPS = 36
MOST_MARKS = _STEPS**3 - 1


class Role(StrEnum):
    """What a block is."""

    TITLE = "title"
    FRONT = "front"  # authors, affiliations, dates
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TERM = "term"
    DEFINITION = "definition"
    CODE = "code"
    FOOTNOTE = "footnote"
    CAPTION = "caption"
    TABLE = "table"
    PICTURE = "picture"
    FORMULA = "formula"
    CONTENTS = "contents"
    REFERENCE = "reference"
    SIDE = "side"  # beside the text: marginal notes, sidebars
    LINE_NUMBER = "line_number"
    LABEL = "label"  # of a form's field
    VALUE = "value"
    CHECKED = "checked"  # the text at a box that is ticked
    UNCHECKED = "unchecked"
    HEADER = "header"
    FOOTER = "footer"


class Cell(msgspec.Struct, frozen=True):
    """A cell's place in its table, from 0; `table` is the number of the table's own mark."""

    table: int
    row: int
    column: int
    columns: int = 1


class Mark(msgspec.Struct, frozen=True):
    """What a number stands for. `level` is of headings (from 1) and list items (from 1), else 0."""

    role: Role
    level: int = 0
    cell: Cell | None = None


class Marks:
    """The marks of a document as it is composed; numbers follow the order of reading."""

    def __init__(self, known: Mapping[int, Mark] | None = None) -> None:
        self.known = dict(known or {})

    def new(self, role: Role, level: int = 0, cell: Cell | None = None) -> int:
        """A number for a block. Raises `OverflowError` when there is no colour left."""
        number = len(self.known) + 1
        if number > MOST_MARKS:
            raise OverflowError("more blocks than colours")
        self.known[number] = Mark(role, level, cell)
        return number


def colour_of(number: int) -> tuple[int, int, int]:
    """Red, green and blue (0 to 35 of 255) of a mark."""
    return number % _STEPS, number // _STEPS % _STEPS, number // _STEPS**2


def number_of(red: int, green: int, blue: int) -> int:
    """The mark of a colour; 0 for black, and for colours that no mark has."""
    if max(red, green, blue) >= _STEPS:
        return 0
    return red + _STEPS * green + _STEPS**2 * blue
