"""Bands of a page that are read one after another: what stands over columns parts what is above and below.

docling finds columns by what stands right under what. A title in the middle over two columns may have nothing
of the left one under it, and then comes after that column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docmill.pipeline.convert.layout.blocks.markers import SECTION_NUMBER
from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.labels.front_matter.affiliations import is_abstract
from docmill.pipeline.convert.types import Box

__all__ = ["Placed", "page_bands"]

_MOST = 300  # items of a page that is looked at; more are no text to read
_BIN = 2.5  # points: narrower than any gutter
_MIDDLE = (0.3, 0.7)  # of the width: where the gutter of two columns is
_BOTH = 0.5  # of what is on one side of the gutter: what stands over both columns has on the other at least
_LIKE = 0.6  # of the wider column's width, and of the longer one's text: what the other has at least
_LEAST_SHARE, _LEAST_CHARS = 0.25, 200
_SHARED = 0.25  # of the lower one's height: what items side by side have in common
_MOST_CHARS, _TALLEST = 300, 90.0  # of an item, in points, beside a title or an author; columns have more
_NAMES_APART = 10.0  # points: authors that stand one under another are further from each other


@dataclass(frozen=True, slots=True)
class Placed:
    """An item of a page, `box` from the top left; `heading` when it is labelled as one."""

    box: Box
    text: str
    heading: bool = False


def page_bands(items: Sequence[Placed], *, first: bool) -> list[list[int]]:
    """Numbers of the items in bands from top to bottom; within a band their order stays.

    `first`: on the first page, where authors stand side by side under a title.
    """
    if not 2 < len(items) <= _MOST:
        return [list(range(len(items)))]
    order = sorted(range(len(items)), key=lambda number: items[number].box.t)
    gutter = _gutter(items)
    if gutter is None:
        head = _head(items, order) if first else []
        return [*([number] for number in head), sorted(set(order) - set(head))]
    crossing = [number for number in order if _crosses(items[number].box, gutter)]
    bands: list[list[int]] = []
    rest = list(order)
    over = True  # nothing but what stands over the columns has come
    for number in crossing:
        if number not in rest:
            continue
        group = _beside(items, number, rest, front=first and over and not items[number].heading)
        if group is None:
            continue
        top = min(items[n].box.t for n in group)
        above = [n for n in rest if n not in group and _middle(items[n].box) < top]
        if above:
            rows = _rows(items, above) if first and over and bands else [above]
            over = over and rows[-1] != above
            bands += [*rows[:-1], *_columns(items, rows[-1], gutter)]
        bands.append(group)
        rest = [n for n in rest if n not in group and n not in above]
    if rest:
        rows = _rows(items, rest) if first and over and bands else [rest]
        bands += [*rows[:-1], *_columns(items, rows[-1], gutter)]
    return [sorted(band) for band in bands]


def _crosses(box: Box, gutter: float) -> bool:
    """True for what stands over both columns; a line too long for its column reaches little over it."""
    sides = sorted((gutter - box.l, box.r - gutter))
    return sides[0] > max(_BIN, _BOTH * sides[1])


def _columns(items: Sequence[Placed], band: Sequence[int], gutter: float) -> list[list[int]]:
    """The items of the left column and those of the right one."""
    left = [number for number in band if items[number].box.l + items[number].box.r < 2 * gutter]
    right = [number for number in band if number not in left]
    return [column for column in (left, right) if column]


def _middle(box: Box) -> float:
    return (box.t + box.b) / 2


def _gutter(items: Sequence[Placed]) -> float | None:
    """The middle of the white between two columns that are alike; None where there are none."""
    page = hull([item.box for item in items])
    count = int(page.width / _BIN) + 1
    covered = [0.0] * count
    for item in items:
        begin, end = int((item.box.l - page.l) / _BIN), int((item.box.r - page.l) / _BIN)
        for place in range(max(0, begin), min(count, end + 1)):
            covered[place] += item.box.height
    places = range(int(_MIDDLE[0] * count), int(_MIDDLE[1] * count) + 1)
    least = min(covered[place] for place in places)
    white = [place for place in places if covered[place] == least]
    gutter = page.l + (white[len(white) // 2] + 0.5) * _BIN
    sides = [
        [item for item in items if item.box.r <= gutter + _BIN],
        [item for item in items if item.box.l >= gutter - _BIN],
    ]
    if not all(sides):
        return None
    widths = sorted(hull([item.box for item in side]).width for side in sides)
    chars = sorted(sum(len(item.text) for item in side) for side in sides)
    if widths[0] < _LIKE * widths[1] or chars[0] < max(_LEAST_CHARS, _LEAST_SHARE * chars[1]):
        return None
    # authors beside each other may narrow the white; text says where columns end
    left, right = ([item.box for item in side if len(item.text) > _MOST_CHARS] for side in sides)
    return (max(box.r for box in left) + min(box.l for box in right)) / 2 if left and right else gutter


def _beside(items: Sequence[Placed], number: int, rest: Sequence[int], *, front: bool) -> list[int] | None:
    """The item with those that stand beside it; None where a column of text does.

    `front`: in front matter, with what stands right over or under those, as affiliations under names.
    """
    group = [number]
    box = items[number].box
    grew = True
    while grew:
        grew = False
        for other in rest:
            found = items[other].box
            if other in group:
                continue
            level = _level(found, box)
            column = (
                found.height > max(_TALLEST, items[number].box.height) or len(items[other].text) > _MOST_CHARS
            )
            if level and column:
                return None
            near = max(found.t - box.b, box.t - found.b) < _NAMES_APART
            if level or (front and near and not column and not items[other].heading):
                group.append(other)
                box = box.union(found)
                grew = True
    return group


def _level(one: Box, two: Box) -> bool:
    return min(one.b, two.b) - max(one.t, two.t) > _SHARED * min(one.height, two.height)


def _rows(items: Sequence[Placed], band: Sequence[int]) -> list[list[int]]:
    """A band under a title with the authors in it, side by side, as rows of their own."""
    rows: list[list[int]] = []
    left = list(band)
    while left and _is_front(items[left[0]]):
        row = [left[0]]
        bottom = items[left[0]].box.b
        following = None
        for number in left[1:]:
            box = items[number].box
            if box.t - bottom > _NAMES_APART or not _is_front(items[number]):
                following = number
                break
            row.append(number)
            bottom = max(bottom, box.b)
        if following is None or items[following].box.t < bottom - _BIN:
            break
        rows.append(row)
        left = left[len(row) :]
    return [*rows, left] if left else rows


def _is_front(item: Placed) -> bool:
    """True for an author, an affiliation or a date: short, and no heading of the text."""
    if item.box.height > _TALLEST or len(item.text) > _MOST_CHARS:
        return False
    return not (is_abstract(item.text) or (item.heading and SECTION_NUMBER.match(item.text)))


def _head(items: Sequence[Placed], order: Sequence[int]) -> list[int]:
    """What stands alone over everything else at the top, across the middle; a title is the first of it."""
    page = hull([item.box for item in items])
    centre = (page.l + page.r) / 2
    head: list[int] = []
    for place, number in enumerate(order[:-1]):
        box = items[number].box
        under = min(items[other].box.t for other in order[place + 1 :])
        alone = box.l < centre < box.r and under >= box.b - _SHARED * box.height
        if not alone or not (head or items[number].heading):
            break
        head.append(number)
    return head
