"""What the drawn lines and backgrounds of a table say: a grid of cells, or only where rows part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from docmill.pipeline.convert.tables.slanet.skeleton import MAX_COLS, MAX_ROWS, Skeleton, Slot, filled
from docmill.pipeline.convert.types import Box, Ruling, Word

__all__ = ["Lines", "lattice", "lines_in"]

#: A table's region may end short of its own outer rulings by so much, in points.
_SLACK = 4.0
#: A side of a cell is ruled when at least this share of it is drawn.
_DRAWN = 0.6
#: A rule or background that parts whole rows covers at least this share of the table's width.
_ACROSS = 0.6
#: More rulings than this inside one table are a drawing; the longest ones are kept.
_MAX_RULINGS = 4000
_MAX_UNDERLINES = 200
_MAX_POSITIONS = 40_000


class _Track(msgspec.Struct):
    """Strokes on one line: its position, and the stretches that are drawn, ascending and apart."""

    at: float
    drawn: list[tuple[float, float]]

    def share(self, start: float, end: float) -> float:
        """The drawn share of a stretch."""
        length = end - start
        if length <= 0:
            return 0.0
        return sum(max(0.0, min(end, b) - max(start, a)) for a, b in self.drawn) / length


class Lines(msgspec.Struct, frozen=True):
    """The rulings of one table, strokes on one line made one, ascending."""

    horizontal: list[_Track]
    vertical: list[_Track]
    box: Box
    shades: list[float]  # heights at which a background as wide as the table begins or ends

    def barriers(self) -> list[float]:
        """Heights at which a ruling or the edge of a background parts rows."""
        full = [t.at for t in self.horizontal if t.share(self.box.l, self.box.r) >= _ACROSS]
        return sorted({*full, *self.shades})

    def underlines(self) -> list[tuple[float, float, float]]:
        """Height, left and right of each stretch of the rulings that do not cross the whole table."""
        stretches = [
            (track.at, start, end)
            for track in self.horizontal
            if track.share(self.box.l, self.box.r) < _ACROSS
            or any(after[0] - before[1] > 1 for before, after in pairwise(track.drawn))
            for start, end in track.drawn
        ]
        return stretches[:_MAX_UNDERLINES]


def lines_in(region: Box, rulings: Sequence[Ruling], shapes: Sequence[Box], em: float) -> Lines:
    """The rulings and backgrounds within a region; what lies closer than half an em is one line."""
    area = region.padded(_SLACK)
    inside = [r for r in (_clipped(ruling, area) for ruling in rulings) if r is not None]
    inside = sorted(inside, key=lambda r: r.x0 + r.y0 - r.x1 - r.y1)[:_MAX_RULINGS]
    apart = max(2.5, 0.45 * em)
    flat = [(r.y0, r.x0, r.x1) for r in inside if r.horizontal]
    upright = [(r.x0, r.y0, r.y1) for r in inside if not r.horizontal]
    shades = {
        edge
        for shape in shapes[:_MAX_RULINGS]
        if min(shape.r, area.r) - max(shape.l, area.l) >= _ACROSS * region.width
        and shape.height < 0.9 * region.height
        for edge in (shape.t, shape.b)
        if region.t + 0.3 * em < edge < region.b - 0.3 * em
    }
    return Lines(_tracks(flat, apart), _tracks(upright, apart), region, sorted(shades))


def _clipped(ruling: Ruling, area: Box) -> Ruling | None:
    l, t = max(ruling.x0, area.l), max(ruling.y0, area.t)  # noqa: E741 - left
    r, b = min(ruling.x1, area.r), min(ruling.y1, area.b)
    # Comparisons are false for NaN, so such a ruling goes too.
    if l <= r and t <= b and (r - l > 1 or b - t > 1):
        return Ruling(l, t, r, b)
    return None


def _tracks(strokes: Sequence[tuple[float, float, float]], apart: float) -> list[_Track]:
    tracks: list[tuple[float, list[tuple[float, float]]]] = []
    for at, start, end in sorted(strokes):
        if tracks and at - tracks[-1][0] < apart:
            tracks[-1][1].append((start, end))
        else:
            tracks.append((at, [(start, end)]))
    return [_Track(at, _joined(drawn)) for at, drawn in tracks]


def _joined(stretches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1] + 1.5:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def lattice(lines: Lines, words: Sequence[Word], em: float) -> Skeleton | None:
    """The grid that rulings draw, cells merged where no ruling parts them; None when they draw none.

    The table's sides need no ruling; there must be at least one ruling between columns and one
    between rows, and they must cross.
    """
    xs = (
        _positions(lines.vertical, min(w.box.l for w in words), max(w.box.r for w in words), em)
        if words
        else []
    )
    ys = (
        _positions(lines.horizontal, min(w.box.t for w in words), max(w.box.b for w in words), em)
        if words
        else []
    )
    few = len(xs) < 3 or len(ys) < 3
    many = len(xs) > MAX_COLS or len(ys) > MAX_ROWS or len(xs) * len(ys) > _MAX_POSITIONS
    if few or many:
        return None
    uprights = {track.at: track for track in lines.vertical}
    flats = {track.at: track for track in lines.horizontal}
    rows, cols = len(ys) - 1, len(xs) - 1
    # Whether the side to the right of, or below, each position is ruled.
    right = [[_ruled(uprights, xs[c + 1], ys[r], ys[r + 1]) for c in range(cols)] for r in range(rows)]
    below = [[_ruled(flats, ys[r + 1], xs[c], xs[c + 1]) for c in range(cols)] for r in range(rows)]
    if not any(any(row[:-1]) for row in right):
        return None
    slots = [
        Slot(r, c, bottom - r, end - c, Box(xs[c], ys[r], xs[end], ys[bottom]))
        for r, c, bottom, end in _merged_cells(right, below)
    ]
    return filled(slots, "rulings")


def _positions(tracks: Sequence[_Track], first: float, last: float, em: float) -> list[float]:
    """Where lines run, completed by the table's own sides where those are not drawn."""
    positions = [track.at for track in tracks if track.drawn]
    if not positions:
        return []
    before = [] if positions[0] < first + 0.5 * em else [first - 1]
    after = [] if positions[-1] > last - 0.5 * em else [last + 1]
    return [*before, *positions, *after]


def _ruled(tracks: dict[float, _Track], at: float, start: float, end: float) -> bool:
    track = tracks.get(at)
    return track is None or track.share(start, end) >= _DRAWN


def _merged_cells(right: list[list[bool]], below: list[list[bool]]) -> list[tuple[int, int, int, int]]:
    """Rectangles (row, col, end row, end col) of positions that no ruling parts, in reading order."""
    rows, cols = len(right), len(right[0])
    taken = [[False] * cols for _ in range(rows)]
    cells: list[tuple[int, int, int, int]] = []
    for r in range(rows):
        for c in range(cols):
            if taken[r][c]:
                continue
            end = c + 1
            while end < cols and not right[r][end - 1] and not taken[r][end]:
                end += 1
            bottom = r + 1
            while bottom < rows and not any(
                below[bottom - 1][x] or taken[bottom][x] or (x < end - 1 and right[bottom][x])
                for x in range(c, end)
            ):
                bottom += 1
            for y in range(r, bottom):
                taken[y][c:end] = [True] * (end - c)
            cells.append((r, c, bottom, end))
    return cells
