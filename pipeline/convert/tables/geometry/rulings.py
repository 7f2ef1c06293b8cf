"""What the drawn lines and backgrounds of a table say: a grid of cells, or only where rows part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from docmill.pipeline.convert.tables.geometry.textlines import Divider
from docmill.pipeline.convert.tables.slanet.skeleton import MAX_COLS, MAX_ROWS, Skeleton, Slot, filled
from docmill.pipeline.convert.types import Box, Ruling, Word

__all__ = ["Lines", "lattice", "lines_in"]

#: A table's region may end short of its own outer rulings by so much, in points.
_SLACK = 4.0
#: A side of a cell is ruled when at least this share of it is drawn.
_DRAWN = 0.6
#: A rule or background that parts whole rows covers at least this share of the table's width.
_ACROSS = 0.6
#: Pieces of a ruling from which on they tell rows, and how near they come to each other, in points.
_LEAST_PIECES, _MEET = 4, 1.0
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
    seams: list[float]  # heights at which upright rulings are drawn anew: a piece for each row

    def barriers(self) -> list[float]:
        """Heights at which a ruling, the edge of a background or a seam parts rows."""
        full = [t.at for t in self.horizontal if t.share(self.box.l, self.box.r) >= _ACROSS]
        return sorted({*full, *self.shades, *self.seams})

    def dividers(self, words: Box) -> list[Divider]:
        """The upright rulings that part columns from the top of the table's words to their bottom."""
        return [
            Divider(track.at, track.drawn)
            for track in self.vertical
            if words.l < track.at < words.r and track.share(words.t, words.b) >= _DRAWN
        ]

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
    edges = [
        (edge, max(shape.l, area.l), min(shape.r, area.r))
        for shape in shapes[:_MAX_RULINGS]
        if shape.l < area.r and shape.r > area.l and shape.height < 0.9 * region.height
        for edge in (shape.t, shape.b)
        if region.t + 0.3 * em < edge < region.b - 0.3 * em
    ]
    # A row's background is often drawn cell by cell.
    shades = [t.at for t in _tracks(edges, 1.0) if t.share(region.l, region.r) >= _ACROSS]
    return Lines(_tracks(flat, apart), _tracks(upright, apart), region, shades, _seams(upright, region, em))


def _seams(strokes: Sequence[tuple[float, float, float]], region: Box, em: float) -> list[float]:
    """Where pieces of an upright ruling that is as tall as the table meet: setters draw one for each row.

    All rulings that are in pieces must meet at the same heights.
    """
    pieces: dict[int, list[tuple[float, float]]] = {}
    for at, start, end in strokes:
        if end - start > 0.6 * em:
            pieces.setdefault(round(at), []).append((start, end))
    found: list[list[float]] = []
    for own in pieces.values():
        own.sort()
        if len(own) < _LEAST_PIECES or own[-1][1] - own[0][0] < 0.8 * region.height:
            continue
        if all(abs(below[0] - above[1]) < _MEET for above, below in pairwise(own)):
            found.append([below[0] for below in own[1:]])
    if not found or any(len(seams) != len(found[0]) for seams in found):
        return []
    return (
        found[0]
        if all(abs(a - b) < _MEET for own in found for a, b in zip(own, found[0], strict=True))
        else []
    )


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
