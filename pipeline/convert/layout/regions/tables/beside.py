"""Tables that stand beside each other: the gutter between them, and the signs that it is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.tables.drawn import Drawn, is_numeric, stretches
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands

__all__ = ["Gutter", "gutters", "parted"]

_ALIGNED = 3.0  # points within which edges are one
_LEAST_SIDE = 4  # pieces of text
_LEAST_SIGNS = 2  # that two tables stand beside each other
_FRAMES = 0.6  # of it: the frames of two tables are at least so far apart
_GUTTER = 1.2  # of the type size: what may part two tables is at least so wide


@dataclass(frozen=True, slots=True)
class Side:
    """What stands on one side of a gutter, and its lines."""

    rows: list[Row]
    lines: list[list[Row]]


@dataclass(frozen=True, slots=True)
class Gutter:
    """A gap between columns that goes all the way down, with what could be a table on both sides of it."""

    width: float
    widest: bool
    left: Side
    right: Side
    size: float  # of most of the type

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both sides."""
        return self.left, self.right


def gutters(rows: Sequence[Row], drawn: Drawn) -> list[Gutter]:
    """The gutters at which `rows` could be two tables: nothing that is drawn crosses them."""
    every = bands(rows)
    usual = Counter(map(len, every)).most_common(1)[0][0]
    body = [band for band in every if 2 * len(band) > usual]  # titles may stand over several columns
    columns = stretches(row for band in body for row in band)
    if len(columns) < 4:
        return []
    begin, end = min(row.box.t for row in body[0]), max(row.box.b for row in body[-1])
    size = sorted(row.size for row in rows)[len(rows) // 2]
    gaps = [(one[1], two[0]) for one, two in pairwise(columns)]
    widest = max(two - one for one, two in gaps)
    marks = (*drawn.across, *drawn.shades)
    found: list[Gutter] = []
    for left, right in gaps[1:-1]:
        crossing = {row.cells[0] for row in rows if row.box.l < left and row.box.r > right}
        if any(begin <= row.box.t < end for row in rows if row.cells[0] in crossing):
            continue
        middle = (left + right) / 2
        sides: tuple[list[Row], list[Row]] = [], []
        for row in rows:
            if row.cells[0] not in crossing:  # a title over both is of neither, nor text under them
                sides[row.centre > middle].append(row)
        if min(map(len, sides)) < _LEAST_SIDE:
            continue
        left, right = max(row.box.r for row in sides[0]), min(row.box.l for row in sides[1])
        width = right - left
        if width < max(8.0, _GUTTER * size):
            continue
        if any(mark.l < left - 2 and mark.r > right + 2 for mark in marks):
            continue
        rules = [mark.l for mark in drawn.down if left < mark.l and mark.r < right]
        if rules and max(rules) - min(rules) < _FRAMES * size:
            continue  # a rule between columns; further apart they are the sides of two frames
        one, two = (Side(side, bands(side)) for side in sides)
        if all(sum(len(line) > 1 for line in side.lines) >= 2 for side in (one, two)):
            found.append(Gutter(width, width >= widest, one, two, size))
    return found


def parted(found: Sequence[Gutter], drawn: Drawn, *, certain: bool) -> list[list[Row]]:
    """The rows left and right of the gutter that parts two tables; `certain` asks for proof, not signs."""
    best: tuple[int, float, list[list[Row]]] = (0, 0.0, [])
    for gutter in found:
        if certain:
            proof = _ruled_apart(gutter, drawn) or _out_of_step(gutter) or _other_type(gutter)
            signs = _LEAST_SIGNS * proof
        else:
            signs = _signs(gutter)
        if signs >= _LEAST_SIGNS and (signs, gutter.width) > best[:2]:
            best = signs, gutter.width, [side.rows for side in gutter.sides]
    return best[2]


def _ruled_apart(gutter: Gutter, drawn: Drawn) -> bool:
    """True when rules or backgrounds as wide as a side end at the gutter, two or more of them on one side."""
    for side in gutter.sides:
        box = hull(row.box for row in side.rows)
        wide = [
            mark
            for mark in (*drawn.across, *drawn.shades)
            if min(mark.r, box.r) - max(mark.l, box.l) > 0.7 * box.width
            and mark.r - mark.l < 1.6 * box.width
            and mark.t > box.t - 20
            and mark.b < box.b + 20
        ]
        if len(wide) >= 2:
            return True
    return False


def _out_of_step(gutter: Gutter) -> bool:
    """True when most lines of one side have none at their height on the other, where both have lines."""
    left, right = ([line[0] for line in side.lines] for side in gutter.sides)
    top = max(left[0].box.t, right[0].box.t) - 1
    bottom = min(left[-1].box.b, right[-1].box.b) + 1
    both = [[row for row in side if row.box.t >= top and row.box.b <= bottom] for side in (left, right)]
    few, many = sorted(both, key=len)
    if len(few) < 3:
        return False
    apart = at = 0
    for row in few:
        while at + 1 < len(many) and _apart(many[at + 1], row) <= _apart(many[at], row):
            at += 1
        apart += _apart(many[at], row) > 0.2 * row.size
    return apart >= 0.6 * len(few)


def _apart(one: Row, two: Row) -> float:
    return abs(one.middle - two.middle)


def _other_type(gutter: Gutter) -> bool:
    """True when the two sides are set in another size or face."""
    sizes = [sorted(row.size for row in side.rows)[len(side.rows) // 2] for side in gutter.sides]
    if abs(sizes[0] - sizes[1]) > 0.4:
        return True
    left, right = (Counter(row.font for row in side.rows if not row.bold) for side in gutter.sides)
    if min(left.total(), right.total()) < _LEAST_SIDE or left.keys() & right.keys():
        return False
    return "" not in left and "" not in right


def _titled(side: Side) -> bool:
    """True when a line of one piece begins where the side does, over its columns."""
    first = side.lines[0]
    return len(first) == 1 and abs(first[0].box.l - min(row.box.l for row in side.rows)) < _ALIGNED


def _signs(gutter: Gutter) -> int:
    """How many signs there are that two tables stand side by side."""
    titled = all(map(_titled, gutter.sides))
    left, right = (_tabled(side.lines) for side in gutter.sides)
    if not titled and _begins_with_figures(right):
        return 0  # the figures of what is named at the left
    heads = [all(row.bold for row in side[0]) for side in (left, right)]
    plain = not any(row.bold for side in (left, right) for line in side[1:] for row in line)
    wide = gutter.widest and gutter.width > 2 * gutter.size
    return sum(
        (
            titled,
            _apart(left[-1][0], right[-1][0]) > 1.8 * gutter.size,
            _apart(left[0][0], right[0][0]) > 1.8 * gutter.size,
            _off_baseline(left, right),
            heads[0] != heads[1],
            all(heads) and plain and wide,
        )
    )


def _off_baseline(left: Sequence[Sequence[Row]], right: Sequence[Sequence[Row]]) -> bool:
    """True when lines that stand beside each other do not stand on one baseline."""
    off: list[float] = []
    at = 0
    for band in left:
        row = band[0]
        while at < len(right) and right[at][0].middle < row.middle - 0.5 * row.box.height:
            at += 1
        if at < len(right) and abs(right[at][0].middle - row.middle) < 0.5 * row.box.height:
            off.append(abs(right[at][0].box.b - row.box.b))
    return len(off) > 2 and sorted(off)[len(off) // 2] > 0.6


def _tabled(every: list[list[Row]]) -> list[list[Row]]:
    """From the first line of several pieces to the last."""
    several = [at for at, band in enumerate(every) if len(band) > 1]
    return every[several[0] : several[-1] + 1]


def _begins_with_figures(right: Sequence[Sequence[Row]]) -> bool:
    """True when what is at the left of the right side looks like figures: a column, not the names of rows."""
    starts = [min(band, key=lambda row: row.box.l) for band in right[1:]]
    return sum(map(is_numeric, starts)) > 0.3 * len(starts)
