"""Text printed over other text, or across the page: stamps, watermarks, notes. It is part of no sentence."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.types import PageContent

__all__ = ["is_watermark", "overprints"]

_LARGER = 1.25  # than the text under it
_COVERED = 0.5  # of the height of the line under it
_TOUCHED = 0.25  # of that of each of two lines between which it stands
_INSET = 0.2  # of the height of a large line, above and below
_SLANTED = 1.8  # sizes of its type that the box of a slanted line is high, at least
_TALL = 1.3  # the same for one that crosses other lines
_MOST = 40  # lines of a page that are tested
_MOST_NEAR = 200  # lines among which each is
_REACH = 200.0  # points of height in which lines under a large one are sought
_FEW = 30  # characters of a watermark
_HUGE = 2.5  # times the body's size


def overprints(rows: Sequence[Row], page: PageContent) -> list[Row]:
    """The rows that stand slanted, over smaller ones, or on their side across others."""
    found = {row.cells[0] for row in rows if _is_tall(row, page, _SLANTED)}
    plain = [row for row in rows if row.cells[0] not in found and not row.angle and not row.ocr]
    turned = [row for row in rows if row.angle in (90, 270) and not row.ocr and row.cells[0] not in found]
    sizes = sorted(row.size for row in plain)
    large: list[Row] = []
    if sizes and sizes[-1] >= _LARGER * sizes[0]:
        usual = sizes[len(sizes) // 2]
        large = [row for row in plain if row.chars > 2 and row.size >= _LARGER * usual]
    tall = [row for row in plain if _is_tall(row, page, _TALL)]
    if large or turned or tall:
        ordered = sorted(plain, key=lambda row: row.box.t)
        tops = [row.box.t for row in ordered]
        for row in tall[:_MOST]:
            last = bisect_left(tops, row.box.b)
            near = ordered[max(bisect_left(tops, row.box.t - _REACH), last - _MOST_NEAR) : last]
            if any(other is not row and _crosses(row, other, _COVERED, 2 * other.size) for other in near):
                found.add(row.cells[0])
        for row in (*large[:_MOST], *turned[:_MOST]):
            last = bisect_left(tops, row.box.b)
            near = ordered[max(bisect_left(tops, row.box.t - _REACH), last - _MOST_NEAR) : last]
            if _lies_on(row, near):
                found.add(row.cells[0])
    return [row for row in rows if row.cells[0] in found]


def is_watermark(row: Row, body_size: float) -> bool:
    """True for a word or two in huge type."""
    return row.size >= _HUGE * body_size and row.chars <= _FEW


def _is_tall(row: Row, page: PageContent, least: float) -> bool:
    """True for words whose box is `least` sizes of its type high: neither upright nor on their side."""
    if row.ocr or row.chars < 3 or min(row.box.width, row.box.height) < least * row.size:
        return False
    cell = page.cells[row.cells[0]]
    words = page.words[max(0, cell.first) : max(0, cell.first) + max(0, cell.count)]
    largest = max((word.size for word in words), default=0.0)
    return largest > 0 and min(row.box.width, row.box.height) >= least * largest


def _lies_on(row: Row, near: Sequence[Row]) -> bool:
    """True for a row, turned or larger than others, that crosses one, or stands between two and on both."""
    over = [other for other in near if _covers(row, other, _TOUCHED)]
    if row.angle:
        return any(_covers(row, other, _COVERED) for other in over)
    inset = _INSET * row.box.height  # in which a line under a title may begin
    inner = (other for other in over if row.box.t + inset / 2 < other.middle < row.box.b - inset)
    if any(_covers(row, other, _COVERED) for other in inner):
        return True
    return any(other.middle < row.middle for other in over) and any(
        other.middle > row.middle for other in over
    )


def _covers(row: Row, other: Row, share: float) -> bool:
    if not row.angle and row.size < _LARGER * other.size:
        return False
    return _crosses(row, other, share, (0.6 if row.angle else 1) * other.size)


def _crosses(row: Row, other: Row, share: float, width: float) -> bool:
    """True when `row` covers so much of the other's height, for so many points."""
    along = min(row.box.b, other.box.b) - max(row.box.t, other.box.t)
    across = min(row.box.r, other.box.r) - max(row.box.l, other.box.l)
    return other.chars >= 3 and along >= share * other.box.height and across >= width
