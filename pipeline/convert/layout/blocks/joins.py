"""Joining the cells of one line: across a gap that is no column gutter, after a bullet, after a number."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from docmill.pipeline.convert.layout.blocks.markers import EQUATION_NUMBER, is_marker
from docmill.pipeline.convert.layout.blocks.spatial import ColumnIndex
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.types import Box

__all__ = ["join_rows"]

#: Fonts of big brackets and operators, in which they hang from the baseline.
_EXTENSION_FONT = re.compile(r"CMEX|MT-?Extra|Extension|TXEX|PXEX|ESSTIX", re.IGNORECASE)
_MOST_BESIDE = 8  # lines beside a big initial
_LARGER = 1.25  # times as big as the line under it: a title's
_BIG = 1.9  # times as big as another line: none of its scripts are as small
_END_MARKS = frozenset("□■∎◻◼⬜▢")  # of a proof, at the right edge of its last line
_SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2}){1,4}|[IVX]{1,5}")


def _joined(left: Row, right: Row) -> Row:
    """Two neighbours on a baseline as one row; the bigger one gives the style."""
    head, tail = (right, left) if left.rtl or (right.rtl and right.chars > left.chars) else (left, right)
    style = head if head.chars >= tail.chars else tail
    offset = head.body_offset
    if not offset:
        offset = head.box.r - tail.box.r if head is right else tail.box.l - head.box.l
    return replace(
        style,
        cells=head.cells + tail.cells,
        box=left.box.union(right.box),
        text=f"{head.text} {tail.text}",
        chars=head.chars + tail.chars,
        bold=style.bold
        and (tail.bold or tail.chars < 3 or head.chars < 3 or style.chars > 4 * min(head.chars, tail.chars)),
        first=head.first,
        first_font=head.first_font,
        first_width=head.first_width,
        body_offset=max(0.0, offset),
        split=head.split or tail.split,
        raised=head.raised or tail.raised,
        starts=head.starts,
        ends=tail.ends,
    )


def _crossed(gap: tuple[float, float], row: Row, right: Row, index: ColumnIndex[Row]) -> bool:
    """True when a line of like type directly above or below runs across the gap: then it is no gutter.

    A title runs across all its authors, who stand side by side under it.
    """
    beyond = min(row.size, 0.8 * right.box.width)  # the last word of a justified line may be short
    middle = (gap[0] + gap[1]) / 2
    reach = 1.6 * max(row.size, row.box.height)
    for other in (
        index.above(middle, row.box.t + 0.5 * row.box.height, row),
        index.below(middle, row.middle, row),
    ):
        if other is None:
            continue
        near = abs(other.box.t - row.box.t) <= reach and other.size <= _LARGER * row.size
        if near and other.box.l < gap[0] - row.size and other.box.r > gap[1] + beyond:
            return True
    return False


def _joins(left: Row, right: Row, index: ColumnIndex[Row]) -> bool:
    size = max(left.size, right.size)
    gap = right.box.l - left.box.r
    if left.angle or right.angle:
        return False
    if gap <= 0.6 * min(left.size, right.size):
        return True
    head = right if right.rtl and left.rtl else left
    if head.text == head.first and is_marker(head.first, head.first_font):
        return gap <= 4 * size and not _numbers_equation(head, index)
    if head.text == head.first and _SECTION.fullmatch(head.text) and _same_face(left, right):
        return gap <= 4 * size
    if right.text in _END_MARKS and left.chars > 3:
        return True
    if gap > 3 * size:
        return False
    return _crossed((left.box.r, right.box.l), left, right, index)


def _stacked(one: Row, two: Row) -> bool:
    """True for a small line that stands within the descenders, or the accents, of a big one."""
    shared = min(one.box.r, two.box.r) - max(one.box.l, two.box.l)
    sizes = sorted((one.size, two.size))
    return sizes[1] >= _BIG * sizes[0] and shared > 0.5 * min(one.box.width, two.box.width)


def _numbers_equation(row: Row, index: ColumnIndex[Row]) -> bool:
    """True for a number in brackets at the right edge of a column: what follows is another column's."""
    if EQUATION_NUMBER.fullmatch(row.text) is None:
        return False
    return any(
        other is not None
        and abs(other.box.r - row.box.r) < 0.5 * row.size
        and other.box.l < row.box.l - 4 * row.size
        for other in (index.above(row.centre, row.box.t, row), index.below(row.centre, row.box.b, row))
    )


def _same_face(one: Row, two: Row) -> bool:
    return one.size == two.size and one.bold == two.bold and one.font == two.font


def join_rows(rows: Iterable[Row]) -> list[Row]:
    """Join cells that one line of a paragraph, a bullet and its text, or a number and its heading make.

    The cells of a line are looked up through horizontal strips, so the cost grows with the number of
    rows, not with its square.
    """
    plain: list[Row] = []
    delimiters: list[Row] = []
    capitals: list[Row] = []
    for row in rows:
        if _is_delimiter(row):
            delimiters.append(row)
        else:
            (capitals if row.chars == 1 and row.text.isalpha() and not row.angle else plain).append(row)
    plain = _with_drop_caps(plain, capitals)
    return _with_delimiters(_joined_rows(plain), delimiters)


def _with_drop_caps(rows: list[Row], letters: Iterable[Row]) -> list[Row]:
    """Rows beside a big initial start where it starts, and the first of them holds it; other letters stay."""
    found = list(rows)
    index: ColumnIndex[Row] | None = None
    for letter in letters:
        if index is None:
            index = ColumnIndex(rows)
            place = {row.cells[0]: number for number, row in enumerate(rows)}
        box = letter.box
        x, y = box.r + 0.4 * letter.size, box.t - 0.2 * letter.size
        beside: list[int] = []
        while len(beside) < _MOST_BESIDE:
            row = index.below(x, y, None)
            if row is None or row.middle > box.b + 0.1 * row.size:
                break
            y = row.box.t + 0.01
            if row.box.l >= box.r - 1 and letter.size >= 1.8 * row.size:
                beside.append(place[row.cells[0]])
        if len(beside) < 2:
            found.append(letter)
            continue
        for number in beside:
            row = found[number]
            found[number] = replace(row, box=Box(box.l, row.box.t, row.box.r, row.box.b), body_offset=0.0)
        first = found[beside[0]]
        found[beside[0]] = replace(first, cells=(*letter.cells, *first.cells), text=letter.text + first.text)
    return found


def _is_delimiter(row: Row) -> bool:
    """True for a big bracket of mathematics, which hangs from its line's top or stands across lines."""
    return row.chars <= 2 and _EXTENSION_FONT.search(row.first_font) is not None


def _with_delimiters(rows: list[Row], delimiters: Iterable[Row]) -> list[Row]:
    """Rows with the cells of the delimiters that stand in or beside them; these do not move their boxes."""
    found = list(rows)
    strips: dict[int, list[int]] = {}
    for delimiter in delimiters:
        if not strips:
            for number, row in enumerate(found):
                for strip in range(
                    int(row.box.t // 8), min(int(row.box.b // 8), int(row.box.t // 8) + 20) + 1
                ):
                    strips.setdefault(strip, []).append(number)
        box = delimiter.box
        best, most = -1, 0.3 * box.height
        for number in {n for s in (box.t, (box.t + box.b) / 2, box.b) for n in strips.get(int(s // 8), ())}:
            row = found[number]
            shared = min(row.box.b, box.b) - max(row.box.t, box.t)
            if shared > most and row.box.l - row.size <= delimiter.centre <= row.box.r + row.size:
                best, most = number, shared
        if best < 0:
            found.append(delimiter)
        else:
            found[best] = replace(found[best], cells=(*found[best].cells, *delimiter.cells))
    return found


def _joined_rows(rows: Iterable[Row]) -> list[Row]:
    ordered = sorted(rows, key=lambda row: (row.box.l, row.box.t))
    index = ColumnIndex(ordered)
    strip = 2.0
    last: dict[int, int] = {}
    merged: list[Row | None] = list(ordered)
    owner = list(range(len(ordered)))
    for position, row in enumerate(ordered):
        before = last.get(int(row.middle // strip))
        if before is not None:
            before = owner[before]
            left = merged[before]
            if left is not None:
                shared = min(left.box.b, row.box.b) - max(left.box.t, row.box.t)
                if shared > 0.5 * min(left.box.height, row.box.height) and not _stacked(left, row):
                    if _joins(left, row, index):
                        merged[before] = _joined(left, row)
                        merged[position] = None
                        owner[position] = before
                    else:
                        merged[before] = replace(left, split=True)
                        merged[position] = replace(row, split=True)
        top, bottom = row.box.t + 0.2 * row.box.height, row.box.b - 0.2 * row.box.height
        for key in range(int(top // strip), min(int(bottom // strip), int(top // strip) + 400) + 1):
            last[key] = position
    return [row for row in merged if row is not None]
