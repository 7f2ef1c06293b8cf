"""Footnotes: small type at the foot of a column, with a mark before it or a short rule above it.

Marks such as `1.` and `[1]` are those of list items and references too: there the text must call the note."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import is_enumerator, is_reference_mark
from docmill.pipeline.convert.layout.blocks.spatial import rulings_between
from docmill.pipeline.convert.layout.labels.furniture_words import furniture_wording
from docmill.pipeline.convert.layout.labels.note_marks import NO_MARKS, NoteMarks, bare_mark
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.types import Ruling

__all__ = ["begins_as_note", "is_footnote"]

_SIGNS = "*∗†‡§¶‖※"
_SMALLER = 0.5  # points by which notes are set smaller than the text, at least
_MUCH_SMALLER = 0.88
_MOST_NOTES = 4  # in a column, of those that nothing in the text calls
_MARK = re.compile(
    r"\[(?:\d{1,3}|[a-z])\]|\((?:\d{1,3}|[a-z])\)|\d{1,3}[.)]?(?!\d)|[a-z][.)]?(?!\w)|[*∗†‡§¶‖※]{1,3}"
)
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_REFERENCES = re.compile(
    r"(?:references|bibliography|works cited|literature|literatur(?:verzeichnis)?|quellen|références|"
    r"bibliographie|referencias|bibliograf[íi]a|riferimenti|referências|参考文献)",
    re.IGNORECASE,
)
_CELL = 25  # characters of a cell beside others, at most
_RUNNING = 10  # characters of a note that is more than a mark
_TEXT = 60  # characters of a block that is text rather than a heading or a number


def is_footnote(
    block: Block,
    blocks: Sequence[Block],
    page: tuple[float, float],
    style: DocumentStyle,
    separators: Sequence[Ruling],
    marks: NoteMarks = NO_MARKS,
) -> bool:
    """True for a footnote. `page` is the page's width and height, `blocks` are those at its foot.

    `marks` are those of the page's text.
    """
    width, height = page
    if block.box.t < 0.5 * height or not any(map(str.isalpha, block.text)):
        return False  # figures alone are cells, or numbers of lines
    if block.chars < _CELL and any(_beside(block, other) for other in blocks):
        return False
    column = [other for other in blocks if min(other.box.r, block.box.r) > max(other.box.l, block.box.l)]
    notes, over = _area(block, column)
    text = over if over is not None and over.chars > _TEXT else None
    body = style.body_size
    if text is not None and _numbered(notes):
        body = max(body, text.size)
    if block.size > body - _SMALLER:
        return False
    if any(
        other.size > body - _SMALLER and other.chars > _TEXT
        for other in column
        if other.box.t >= block.box.b - 1
    ):
        return False
    first = block.rows[0].first
    marked = (is_reference_mark(block.text) and not is_enumerator(first)) or first[:1] in _SIGNS
    return (
        _under_rule(block, notes, text, separators, width)
        or (marked and block.size <= style.body_size - _SMALLER)
        or (over is not None and _among_numbered(block, notes, over, column, marks, height))
    )


def _beside(block: Block, other: Block) -> bool:
    """True for two short texts on one line, as cells of a table are."""
    return (
        other is not block
        and other.chars < _CELL
        and other.size == block.size
        and any(abs(row.middle - block.rows[0].middle) < 1 for row in other.rows)
    )


def begins_as_note(block: Block, height: float, marks: NoteMarks) -> bool:
    """True for text at the foot that begins with a raised mark, or with one that is in the text.

    It is no running foot, even if it comes back.
    """
    if block.box.t < 0.5 * height or block.chars <= _RUNNING:
        return False
    opened, called = block.rows[0].cells[0] in marks.openers, _is_called(block, marks)
    if (opened and called) or not (opened or called):
        return opened
    # a running foot begins with the page's number alone
    bare = block.rows[0].first.isdecimal() and not opened
    return furniture_wording(block.text) < 3 and (not bare or block.chars > _TEXT)


def _among_numbered(
    block: Block, notes: Block, over: Block, column: Sequence[Block], marks: NoteMarks, height: float
) -> bool:
    """True for a block among notes whose marks are as those of list items, under the text `over`.

    The text has one of the marks, or the notes stand far under it in much smaller type. What follows a note
    is one too, and what goes on over the first.
    """
    if _numbered(notes) and _REFERENCES.fullmatch(over.text.strip("0123456789. :")):
        return False
    area = [
        other for other in column if other.box.t >= notes.box.t - 1 and abs(other.size - block.size) < 0.3
    ]
    called = [other for other in area if _is_called(other, marks)]
    if not called:
        return (
            notes.rows[0].marker
            and is_enumerator(notes.rows[0].first)
            and notes.box.t > 0.6 * height
            and len(area) <= _MOST_NOTES
            and not any(_YEAR.search(other.text) for other in area)  # references
            and block.size <= _MUCH_SMALLER * over.size
            and notes.box.t - over.box.b > over.size
            and notes.box.l < min(other.box.l for other in column) + over.size
            and block.box.l - notes.box.l < 3 * block.size
            and not over.text.endswith(":")
        )
    first = min(called, key=lambda other: other.box.t)
    if block.box.t >= first.box.t - 1:
        return True
    before = [other for other in area if other.box.b <= first.box.t + 1]
    plain = [other for other in before if not is_enumerator(other.rows[0].first)]
    return len(before) <= _MOST_NOTES and plain in ([], [notes])


def _is_called(block: Block, marks: NoteMarks) -> bool:
    found = _MARK.match(block.rows[0].first)
    return found is not None and bare_mark(found[0]) in marks.calls and block.chars > len(found[0]) + 3


def _area(block: Block, column: Sequence[Block]) -> tuple[Block, Block | None]:
    """The topmost of the blocks in type as small that end with `block`, and the larger one over them."""
    top = block
    for other in sorted(column, key=lambda other: -other.box.b):
        if other is block or other.box.b > top.box.t + 1:
            continue
        if other.size >= block.size + _SMALLER:
            return top, other
        top = other
    return top, None


def _under_rule(
    block: Block, notes: Block, text: Block | None, separators: Sequence[Ruling], width: float
) -> bool:
    """True below a rule that starts at the notes' edge and is shorter than half the page.

    Under text, notes that begin with numbers or signs may have a rule as wide as the column.
    """
    if _rule_above(block, separators, 0.45 * width) or _rule_above(notes, separators, 0.45 * width):
        return True
    return text is not None and _numbered(notes) and _rule_above(notes, separators, text.box.width + 14)


def _numbered(block: Block) -> bool:
    return is_reference_mark(block.text) or block.rows[0].first[:1] in _SIGNS


def _rule_above(block: Block, separators: Sequence[Ruling], longest: float) -> bool:
    return any(
        abs(ruling.x0 - block.box.l) <= 14 and 25 <= ruling.x1 - ruling.x0 <= longest
        for ruling in rulings_between(separators, block.box.t - 16, block.box.t + 3)
    )
