"""Does a row go on with the block above it? Spacing, style, indentation, markers and drawn rules decide."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from docmill.pipeline.convert.layout.blocks.leading import leading_key
from docmill.pipeline.convert.layout.blocks.markers import DASHES, is_bullet, is_enumerator
from docmill.pipeline.convert.layout.blocks.spatial import rulings_between
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.types import Ruling

__all__ = ["Surroundings", "continues"]

#: A sentence's end: its mark, closing quotes and brackets, and perhaps a note's number after a letter.
_TERMINATED = re.compile(r"""[.!?:;。！？؟۔।]["”’»)\]]*$|[^\W\d][.!?]["”’»)\]]*(?:[*†‡¹²³⁴-⁹]|\d{1,3})$""")
_DEFAULT_LEADING = 1.25
_SIZE_TOLERANCE = 0.13
_LOOSE = 1.9  # a pitch in units of the type size that few paragraphs are set with
_LABEL = 25  # characters of a line too short to be a broken one in such a setting
_OCR_TOLERANCE = 0.3  # the height of recognised lines varies with their letters


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a page tells the rules about rows besides the rows themselves."""

    leading: Mapping[float, float] = field(default_factory=dict)  # font size -> usual line pitch, in points
    separators: Sequence[Ruling] = ()  # horizontal rulings, sorted by y
    titles: Mapping[int, int] = field(default_factory=dict)  # first cell of a row -> title detection
    starts: Container[int] = ()  # first cells of rows that start a block: a checkbox stands before them

    def pitch(self, row: Row) -> tuple[float, bool]:
        """The usual distance between lines set like `row`, and whether it was seen rather than assumed."""
        size = leading_key(row)
        known = self.leading.get(size)
        if known is not None:
            return known, True
        near = min(self.leading, key=lambda other: abs(other - size), default=0.0)
        if near and abs(near - size) <= 0.3 * size:
            return max(self.leading[near], 1.15 * row.size), False
        return _DEFAULT_LEADING * row.size, False

    def separated(self, upper: Row, lower: Row) -> bool:
        """True when a rule is drawn between two rows, across both; an underline is not."""
        slack = 0.25 * min(upper.size, lower.size)
        left, right = min(upper.box.l, lower.box.l), max(upper.box.r, lower.box.r)
        reach = 3 * upper.size
        return any(
            ruling.x0 <= left + reach and ruling.x1 >= right - reach
            for ruling in rulings_between(self.separators, upper.box.b - slack, lower.box.t + slack)
        )


def _terminated(row: Row) -> bool:
    return _TERMINATED.search(row.text) is not None


def _opens(row: Row) -> bool:
    """True when a row starts as a sentence may; scripts without case always may."""
    first = next((char for char in row.text if char.isalnum()), "")
    return not first.islower()


def _short(previous: Row, row: Row, right: float) -> bool:
    """True when the row's first word would have fitted at the end of the previous row."""
    return right - previous.end > row.first_width + 0.8 * row.size


def _centred(upper: Row, lower: Row) -> bool:
    """True when two rows share their centre line and no edge."""
    return (
        abs(upper.centre - lower.centre) < 0.4 * upper.size
        and abs(upper.box.l - lower.box.l) > 0.6 * upper.size
        and abs(upper.box.r - lower.box.r) > 0.6 * upper.size
    )


def _same_style(rows: Sequence[Row], row: Row, below: Row | None) -> bool:
    previous = rows[-1]
    tiny, other = (row, previous) if row.chars <= previous.chars else (previous, row)
    tolerance = _OCR_TOLERANCE if row.ocr else _SIZE_TOLERANCE
    if tiny.chars <= 2 and tiny.size <= (1 + tolerance) * other.size:
        return True  # a superscript, a brace, the last syllable of a paragraph
    if abs(row.size - previous.size) > tolerance * max(row.size, previous.size):
        return False
    if row.code != previous.code and min(previous.chars, row.chars) > 3 and not _inline(rows, row, below):
        return False
    if rows[0].marker:
        return True  # the text of a list item may change style
    whole = len(rows) > 1 and previous.end >= max(other.end for other in rows) - 2 * row.size
    if row.bold != previous.bold and not whole:
        # a bold line of its own, or plain text before a bold line: unless the phrase runs on
        return (
            previous.end >= row.end - 2 * row.size and not _terminated(previous) and _bold_runs_on(rows, row)
        )
    if row.italic != previous.italic and len(rows) == 1 and previous.italic:
        return previous.end >= row.end - 2 * row.size
    return True


def _inline(rows: Sequence[Row], row: Row, below: Row | None) -> bool:
    """True where a line of a paragraph happens to be all code: the paragraph goes on after it."""
    previous = rows[-1]
    if previous.code:
        return len(rows) > 1 and not rows[-2].code
    full = previous.end >= max(other.end for other in rows) - 2 * row.size and not _terminated(previous)
    aligned = abs(row.start - previous.start) < 0.5 * row.size
    return (
        full
        and aligned
        and below is not None
        and not below.code
        and below.start <= row.start + 0.5 * row.size
    )


def _bold_runs_on(rows: Sequence[Row], row: Row) -> bool:
    previous = rows[-1]
    if previous.bold:
        return len(rows) == 1 and previous.chars > 40 and not _opens(row)
    return len(rows) > 1


def _near(rows: Sequence[Row], row: Row, around: Surroundings) -> bool:
    """True when the white space above a row is that between lines, not that between paragraphs."""
    previous = rows[-1]
    pitch = row.box.t - previous.box.t
    if pitch < 0.4 * max(previous.size, row.size):
        return row.size <= previous.size  # a superscript, or a piece of the same line
    usual, known = around.pitch(previous)
    last = rows[-1].box.t - rows[-2].box.t if len(rows) > 1 else 0.0
    if row.code and previous.code:
        return pitch <= 2.6 * max(usual, last)  # blank lines belong to a listing
    usual = min(max(usual, 0.9 * last), 1.3 * usual)
    if pitch > _LOOSE * row.size and previous.chars < _LABEL and _opens(row) and not row.ocr:
        return False  # labels or entries one under the other, not lines that were broken
    if pitch <= 1.06 * usual + 0.3:
        return True
    right = max(max(other.end for other in rows), row.end)
    if _short(previous, row, right) and _terminated(previous) and _opens(row) and not row.ocr:
        return False  # a sentence ended here, so a little space is enough
    return pitch <= (1.14 if known and not row.ocr else 1.22) * usual + 0.6


def _starts_paragraph(rows: Sequence[Row], row: Row, below: Row | None) -> bool:
    """Indentation and line ends: the classic ways to mark a paragraph without space."""
    previous = rows[-1]
    if row.code or _centred(previous, row):
        return False
    right = max(max(other.end for other in rows), row.end)
    em = row.size
    short = _short(previous, row, right)
    item = rows[0].marker
    if len(rows) == 1:
        edge = rows[0].start + (rows[0].body_offset if item else 0.0)
    else:
        edge = min(other.start for other in rows[1:])
    indent = row.start - edge
    if indent <= -0.7 * em:
        if item and _outdented(rows, row, short):
            return False
        if item:
            return row.start < rows[0].start + 0.5 * rows[0].body_offset and _new_after_item(rows, row, short)
        return (short and _opens(row)) if len(rows) == 1 else True
    if (
        len(rows) > 1
        and not item
        and rows[0].start < edge - 0.7 * em
        and row.start <= rows[0].start + 0.3 * em
    ):
        return True  # hanging indentation: the next entry
    if indent >= 0.8 * em and not item:
        returns = below is not None and below.start <= row.start - 0.6 * em
        if len(rows) == 1:
            return (returns or short) and (short or _terminated(previous)) and _opens(row)
        return returns or short or _terminated(previous)
    return short and _terminated(previous) and _opens(row) and _justified(rows, right, em)


def _outdented(rows: Sequence[Row], row: Row, short: bool) -> bool:
    """True for a row of an enumerated item that is set as a paragraph: indented in its first line only."""
    first = rows[0]
    back = first.start - row.start
    if short or is_bullet(first.first, first.first_font) or first.set_off:
        return False
    return (
        0.7 * row.size <= back <= 4 * row.size
        and not _terminated(rows[-1])
        and rows[-1].end >= row.end - 0.5 * row.size
        and all(abs(other.start - row.start) < 0.35 * row.size for other in rows[1:])
    )


def _new_after_item(rows: Sequence[Row], row: Row, short: bool) -> bool:
    """A row left of a list item's text goes on with it only where it is flush with the item's marker."""
    first = rows[0]
    if abs(row.start - first.start) > 0.35 * row.size:
        return True
    if is_bullet(first.first, first.first_font) and first.set_off and _opens(row) and not row.rtl:
        return True  # bullets stand alone at their edge
    return short or (len(rows) > 1 and rows[-1].start > row.start + 0.7 * row.size)


def _justified(rows: Sequence[Row], right: float, em: float) -> bool:
    """True when all rows before the last reach near the right edge, so that a short one means an end."""
    return all(right - other.end < 6 * em for other in rows[:-1])


def continues(rows: Sequence[Row], row: Row, below: Row | None, around: Surroundings) -> bool:
    """True when `row` belongs to the block of `rows`, whose last one stands right above it.

    `below` is the row under `row`, if any: it shows whether an indentation is a first line's.
    """
    previous = rows[-1]
    if row.angle != previous.angle or row.angle:
        return False
    if row.cells[0] in around.starts:
        return False
    if row.rtl != previous.rtl and min(row.chars, previous.chars) > 12 and not row.ocr:
        return False
    if around.titles.get(previous.cells[0]) != around.titles.get(row.cells[0]) and not _flows(
        rows, row, around
    ):
        return False
    if not _near(rows, row, around) or not _same_style(rows, row, below):
        return False
    if _begins_item(rows, row):
        return False
    if around.separated(previous, row):
        return False
    return not _starts_paragraph(rows, row, below)


def _flows(rows: Sequence[Row], row: Row, around: Surroundings) -> bool:
    """True for two full lines of one paragraph, by type and pitch: no detected title can end between them."""
    previous = rows[-1]
    face = (previous.size, previous.font, previous.bold, previous.italic)
    usual, known = around.pitch(previous)
    return (
        known
        and not row.ocr
        and face == (row.size, row.font, row.bold, row.italic)
        and row.box.t - previous.box.t <= 1.06 * usual + 0.3
        and previous.end >= row.end - 0.5 * row.size
        and previous.chars > 40
        and not _opens(row)
    )


def _begins_item(rows: Sequence[Row], row: Row) -> bool:
    """True when the row's marker starts a list item rather than falls at the start of a line by chance."""
    if not row.marker:
        return False
    if is_bullet(row.first, row.first_font) and row.first not in DASHES and row.first != "·":
        return True
    if row.code:
        return False
    previous = rows[-1]
    if row.set_off and row.start > previous.start + 0.6 * row.size and not is_enumerator(row.first):
        return True  # a dash or an `o` further in than its parent's marker: a sub-item
    if rows[0].marker:
        return row.start <= rows[0].start + 0.5 * row.size or _terminated(previous)
    right = max(max(other.end for other in rows), row.end)
    if _short(previous, row, right) or _terminated(previous):
        return True
    return abs(row.start - previous.start) > 0.6 * row.size
