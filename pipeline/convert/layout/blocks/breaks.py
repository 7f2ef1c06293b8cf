"""Does a row go on with the block above it? Spacing, style, indentation, markers and drawn rules decide."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from docmill.pipeline.convert.layout.blocks.leading import leading_key
from docmill.pipeline.convert.layout.blocks.lettered import is_lettered_heading
from docmill.pipeline.convert.layout.blocks.line_ends import is_short, is_terminated, opens
from docmill.pipeline.convert.layout.blocks.markers import DASHES, has_deep_number, is_bullet, is_enumerator
from docmill.pipeline.convert.layout.blocks.spatial import rulings_between
from docmill.pipeline.convert.layout.blocks.text_rows import Lettering, Row
from docmill.pipeline.convert.types import Ruling

__all__ = ["KnownHeadings", "Surroundings", "continues"]

_DEFAULT_LEADING = 1.25
_SIZE_TOLERANCE = 0.13
_TALL = 1.05  # times the type size: higher than any letter with any other letter's descender
_SOLID = 1.1  # the pitch that lines have at least, in units of the type size
_LOOSE = 1.9  # a pitch in units of the type size that few paragraphs are set with
_LABEL = 25  # characters of a line too short to be a broken one in such a setting
_APART = 1.15  # pitches from a heading's last line to the text
_NOTE_SIGNS = "*∗"  # bullets that are marks of footnotes too
_BOLD_STEP, _LEAST_STEP = 0.06, 0.75  # of the size, and in points, since sizes are told in half points
_OCR_TOLERANCE = 0.3  # the height of recognised lines varies with their letters


#: A section's number and the capital that its title begins with.
_SECTION = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+[^\W\d_a-z]")


@dataclass(frozen=True, slots=True)
class KnownHeadings:
    """What the document says of a page's headings before its blocks are known."""

    named: Mapping[int, int] = field(
        default_factory=dict
    )  # first cell of a row -> bookmark whose title it is
    counted: Container[int] = ()  # first cells of rows whose numbers follow another section's
    faces: Container[Lettering] = ()  # that headings are set in


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a page tells the rules about rows besides the rows themselves."""

    leading: Mapping[float, float] = field(default_factory=dict)  # font size -> usual line pitch, in points
    separators: Sequence[Ruling] = ()  # horizontal rulings, sorted by y
    titles: Mapping[int, int] = field(default_factory=dict)  # first cell of a row -> title detection
    starts: Container[int] = ()  # first cells of rows that start a block: a checkbox stands before them
    loose: Mapping[int, float] = field(default_factory=dict)  # first cell of a row -> wide pitch it is set at
    known: KnownHeadings = field(default_factory=KnownHeadings)  # of the document

    def pitch(self, row: Row) -> tuple[float, bool]:
        """The usual distance between lines set like `row`, and whether it was seen rather than assumed."""
        size = leading_key(row)
        known = self.leading.get(size)
        if known is not None:
            # recognised lines have one pitch for all sizes, which is that of the text: headings are set wider
            return max(known, _SOLID * row.size) if row.ocr else known, True
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
    step = abs(row.size - previous.size)
    if step > tolerance * max(row.size, previous.size):
        return False
    if row.bold and previous.bold and not row.ocr and step > max(_LEAST_STEP, _BOLD_STEP * previous.size):
        return False  # two levels of headings
    if row.code != previous.code and min(previous.chars, row.chars) > 3 and not _inline(rows, row, below):
        return False
    if rows[0].marker:
        # the text of a list item may change style
        return not (len(rows) == 1 and is_lettered_heading(previous) and _plainer(previous, row))
    if _heading_within(previous, row):
        return True
    whole = len(rows) > 1 and previous.end >= max(other.end for other in rows) - 2 * row.size
    if row.bold != previous.bold and not whole:
        # a bold line of its own, or plain text before a bold line: unless the phrase runs on
        return (
            previous.end >= row.end - 2 * row.size
            and not is_terminated(previous)
            and _bold_runs_on(rows, row)
        )
    if row.italic != previous.italic and len(rows) == 1 and previous.italic:
        return previous.end >= row.end - 2 * row.size
    return True


def _plainer(heading: Row, row: Row) -> bool:
    """True for a line of text under a heading in bold or italic type."""
    return (heading.bold and not row.bold) or (heading.italic and not row.italic)


def _heading_within(previous: Row, row: Row) -> bool:
    """True for full lines of a paragraph where the heading that it begins with ends: `Data. We took`."""
    upper, lower = (previous.bold, previous.italic), (row.bold, row.italic)
    if upper == lower or previous.end < row.end - 2 * row.size or not any(upper):
        return False
    return (previous.ends != upper and previous.ends == lower) or (
        row.starts != lower and row.starts == upper
    )


def _inline(rows: Sequence[Row], row: Row, below: Row | None) -> bool:
    """True where lines of a paragraph happen to be all code: the sentence runs on into or out of them.

    A listing has space above it, and stands under a line that ended; the line of a paragraph is full, at the
    pitch of the others, and ends in mid-sentence.
    """
    previous = rows[-1]
    aligned = abs(row.start - previous.start) < 0.5 * row.size
    if previous.code:
        if len(rows) > 1:
            return not all(other.code for other in rows)
        # a paragraph that opens with code
        return previous.chars > _LABEL and previous.end >= row.end - 2 * row.size and not opens(row)
    full = previous.end >= max(other.end for other in rows) - 2 * row.size and not is_terminated(previous)
    if not full or not (aligned or rows[0].marker):
        return False
    if len(rows) == 1 and previous.chars <= _LABEL:
        return False
    if below is None:
        return True
    pitch, next_pitch = row.box.t - previous.box.t, below.box.t - row.box.t
    if below.code:
        return abs(next_pitch - pitch) < 0.06 * pitch and below.start <= row.start + 0.5 * row.size
    return below.start <= row.start + 0.5 * row.size or next_pitch > 1.3 * pitch


def _bold_runs_on(rows: Sequence[Row], row: Row) -> bool:
    previous = rows[-1]
    if previous.bold:
        return len(rows) == 1 and previous.chars > 40 and not opens(row)
    return len(rows) > 1


def _pitch(upper: Row, lower: Row) -> float:
    """The distance of two rows; a fraction or a sum in one of them reaches out over its line and under it."""
    tall = max(upper.box.height, lower.box.height) > _TALL * min(upper.size, lower.size)
    between = lower.box.t - upper.box.t
    return min(between, lower.middle - upper.middle) if tall and not lower.ocr else between


def _near(rows: Sequence[Row], row: Row, around: Surroundings) -> bool:
    """True when the white space above a row is that between lines, not that between paragraphs."""
    previous = rows[-1]
    pitch = _pitch(previous, row)
    if pitch < 0.4 * max(previous.size, row.size):
        return row.size <= previous.size  # a superscript, or a piece of the same line
    usual, known = around.pitch(previous)
    last = rows[-1].box.t - rows[-2].box.t if len(rows) > 1 else 0.0
    if row.code and previous.code:
        return pitch <= 2.6 * max(usual, last)  # blank lines belong to a listing
    usual = max(min(max(usual, 0.9 * last), 1.3 * usual), around.loose.get(row.cells[0], 0.0))
    if pitch > _LOOSE * row.size and previous.chars < _LABEL and opens(row) and not row.ocr:
        return False  # labels or entries one under the other, not lines that were broken
    if pitch <= 1.06 * usual + 0.3:
        return True
    right = max(max(other.end for other in rows), row.end)
    if is_short(previous, row, right) and is_terminated(previous) and opens(row) and not row.ocr:
        return False  # a sentence ended here, so a little space is enough
    return pitch <= (1.14 if known and not row.ocr else 1.22) * usual + 0.6


def _starts_paragraph(rows: Sequence[Row], row: Row, below: Row | None) -> bool:
    """Indentation and line ends: the classic ways to mark a paragraph without space."""
    previous = rows[-1]
    if row.code or _centred(previous, row):
        return False
    right = max(max(other.end for other in rows), row.end)
    em = row.size
    short = is_short(previous, row, right)
    item = rows[0].marker
    if not short and _parts_word(previous, row):
        return False
    if _follows_section(previous, row):
        return True
    if len(rows) == 1 and not item and _begins_like(previous, row, below):
        return True
    if len(rows) == 1:
        if short and has_deep_number(previous.text) and opens(row) and not is_terminated(previous):
            return True  # a heading in the type of the text
        edge = rows[0].start + (rows[0].body_offset if item else 0.0)
    else:
        edge = min(other.start for other in rows[1:])
    indent = row.start - edge
    if indent <= -0.7 * em:
        if item and _outdented(rows, row, short):
            return False
        if item:
            return row.start < rows[0].start + 0.5 * rows[0].body_offset and _new_after_item(rows, row, short)
        return (short and opens(row)) if len(rows) == 1 else True
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
            return (returns or short) and (short or is_terminated(previous)) and opens(row)
        return returns or short or is_terminated(previous)
    return short and is_terminated(previous) and opens(row) and _justified(rows, right, em)


def _parts_word(previous: Row, row: Row) -> bool:
    """True for a word that a line's end has parted, wherever the next line begins."""
    end = previous.text[-2:]
    return len(end) == 2 and end[1] in "-\u2010\u00ad" and end[0].isalpha() and row.text[:1].islower()


def _begins_like(previous: Row, row: Row, below: Row | None) -> bool:
    """True for a paragraph's first line under one of a single line: both are indented, the next is not."""
    return (
        below is not None
        and below.start <= row.start - 0.6 * row.size
        and abs(row.start - previous.start) < 0.3 * row.size
        and is_terminated(previous)
        and opens(row)
    )


def _follows_section(previous: Row, row: Row) -> bool:
    """True for a numbered heading under another: `4.1 Data` under `4 Methods`, `3 Use` under `2.4 Fit`."""
    one, two = _SECTION.match(previous.text), _SECTION.match(row.text)
    if one is None or two is None or is_terminated(previous):
        return False
    upper, lower = [int(part) for part in one[1].split(".")], [int(part) for part in two[1].split(".")]
    shared = min(len(upper), len(lower)) - 1
    if len(lower) > len(upper):
        return lower == [*upper, 1]
    return lower[:shared] == upper[:shared] and lower[shared] == upper[shared] + 1


def _outdented(rows: Sequence[Row], row: Row, short: bool) -> bool:
    """True for a row of an enumerated item or a note set as a paragraph: indented in its first line only."""
    first = rows[0]
    back = first.start - row.start
    bullet = is_bullet(first.first, first.first_font) and first.first not in _NOTE_SIGNS
    runs_in = len(rows) == 1 and first.starts != first.ends  # `a. Syntax The argument of`
    if short or bullet or (first.set_off and not runs_in):
        return False
    return (
        0.7 * row.size <= back <= 4 * row.size
        and not is_terminated(rows[-1])
        and rows[-1].end >= row.end - 0.5 * row.size
        and all(abs(other.start - row.start) < 0.35 * row.size for other in rows[1:])
    )


def _new_after_item(rows: Sequence[Row], row: Row, short: bool) -> bool:
    """A row left of a list item's text goes on with it only where it is flush with the item's marker."""
    first = rows[0]
    if abs(row.start - first.start) > 0.35 * row.size:
        return True
    if is_bullet(first.first, first.first_font) and first.set_off and opens(row) and not row.rtl:
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
    name = around.known.named.get(row.cells[0])
    if name is not None or previous.cells[0] in around.known.named:
        return name == around.known.named.get(previous.cells[0])
    if row.rtl != previous.rtl and min(row.chars, previous.chars) > 12 and not row.ocr:
        return False
    if row.cells[0] in around.known.counted:
        return False
    if previous.lettering in around.known.faces and row.lettering != previous.lettering and _heads(rows, row):
        return False
    if rows[0].cells[0] in around.known.counted and _ends_heading(rows, row, below):
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


def _heads(rows: Sequence[Row], row: Row) -> bool:
    """True for short lines in one face over a row in another."""
    face, right = rows[0].lettering, max(max(other.end for other in rows), row.end)
    return all(other.lettering == face and other.uniform for other in rows) and is_short(rows[-1], row, right)


def _ends_heading(rows: Sequence[Row], row: Row, below: Row | None) -> bool:
    """True when a numbered heading ends above `row`: it is set otherwise, or begins a paragraph."""
    previous = rows[-1]
    if row.font != previous.font or is_terminated(row) or is_short(previous, row, max(previous.end, row.end)):
        return True
    pitch = row.box.t - previous.box.t
    last = below is None or below.box.t - row.box.t > _APART * pitch
    return opens(row) and not last


def _flows(rows: Sequence[Row], row: Row, around: Surroundings) -> bool:
    """True for two full lines of one paragraph, by type and pitch: no detected title can end between them."""
    previous = rows[-1]
    usual, known = around.pitch(previous)
    if _heading_within(previous, row) and previous.size == row.size:
        return row.box.t - previous.box.t <= 1.06 * usual + 0.3
    return (
        known
        and not row.ocr
        and previous.face == row.face
        and row.box.t - previous.box.t <= 1.06 * usual + 0.3
        and previous.end >= row.end - 0.5 * row.size
        and previous.chars > 40
        and not opens(row)
    )


def _begins_item(rows: Sequence[Row], row: Row) -> bool:
    """True when the row's marker starts a list item rather than falls at the start of a line by chance."""
    if not row.marker:
        return False
    if is_bullet(row.first, row.first_font) and row.first not in DASHES and row.first != "·":
        return True
    if row.code and not row.own_bullet:
        return False
    previous = rows[-1]
    if row.set_off and row.start > previous.start + 0.6 * row.size and not is_enumerator(row.first):
        return True  # a dash or an `o` further in than its parent's marker: a sub-item
    if rows[0].marker:
        return row.start <= rows[0].start + 0.5 * row.size or is_terminated(previous)
    right = max(max(other.end for other in rows), row.end)
    if is_short(previous, row, right) or is_terminated(previous):
        return True
    if len(rows) == 1 and previous.chars > _LABEL and row.start < previous.start:
        return False  # the second line of a paragraph, whose first one is indented
    return abs(row.start - previous.start) > 0.6 * row.size
