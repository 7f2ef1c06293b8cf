"""Pieces of text joined to lines: along the content stream first, then by position.

All thresholds are fractions of an em.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from docmill.pipeline.convert.pdf.text.pieces import (
    BASELINE_SHIFT,
    INITIAL_SIZE,
    LONG_OVERLAP,
    OVERLAP,
    Piece,
)

__all__ = ["join_lines", "split_lines"]

#: A gap that ends a line (tabs, table columns), unless the line is set wide throughout: then three times its
#: usual word gap, up to a limit.
LINE_GAP = 1.2
WIDE_LINE_GAP = 2.5
#: Two numbers this far apart are table cells.
NUMBER_GAP = 0.9
#: Gap over which pieces drawn at different times are still one line: less than any gutter between columns.
JOIN_GAP = 0.7
#: No script is so many times as small as its base: such lines share a line only on one baseline.
UNLIKE_SIZE = 4.0
#: Neighbours looked at for one line end: more than overlap it on any page that people read.
MAX_CANDIDATES = 32


def split_lines(pieces: list[Piece]) -> list[list[Piece]]:
    """Runs of pieces in stream order that follow each other on one baseline without a wide gap."""
    segments: list[list[Piece]] = []
    for piece in pieces:
        last = segments[-1][-1] if segments else None
        if last is not None and _follows(last, piece):
            segments[-1].append(piece)
        else:
            segments.append([piece])
    return [part for segment in segments for part in _split_wide(segment)]


def _distance(one: Piece, two: Piece) -> float:
    """The gap from `one` to `two` in em; in right-to-left text on whichever side."""
    gap = two.start - one.stop
    if one.rtl or two.rtl:
        gap = max(gap, one.start - two.stop)
    return gap / (one.size if one.size > two.size else two.size)


def _follows(last: Piece, piece: Piece) -> bool:
    if piece.cut_before:
        return False
    overlap = LONG_OVERLAP if piece.parted else OVERLAP
    return _level(last, piece) and -overlap < _distance(last, piece) < WIDE_LINE_GAP


def _split_wide(segment: list[Piece]) -> Iterator[list[Piece]]:
    """`segment` cut at the gaps that are wide for it."""
    gaps = [_distance(one, two) for one, two in pairwise(segment)]
    usual = [gap for gap in gaps if gap < 1.0]
    limit = LINE_GAP
    if len(usual) >= 3:
        limit = min(max(limit, 3 * median(usual)), WIDE_LINE_GAP)
    begin = 0
    # A number before a line of evenly spaced words: it counts the line, or is a cell.
    typed = limit > LINE_GAP and segment[0].text.isdecimal() and gaps[0] > max(LINE_GAP, 2.2 * median(usual))
    if typed:
        yield segment[:1]
        begin = 1
    for i, gap in enumerate(gaps, start=1):
        numbers = gap > NUMBER_GAP and _is_number(segment[i - 1]) and _is_number(segment[i])
        if i > begin and (gap > limit or numbers):
            yield segment[begin:i]
            begin = i
    yield segment[begin:]


def _is_number(piece: Piece) -> bool:
    return any(char.isdigit() for char in piece.text) and not any(char.isalpha() for char in piece.text)


def join_lines(segments: list[list[Piece]]) -> list[list[Piece]]:
    """Segments whose ends meet on one baseline, joined: the nearest ends first, each end once."""
    if len(segments) < 2:
        return segments
    firsts = [min(segment, key=lambda piece: piece.start) for segment in segments]
    lasts = [max(segment, key=lambda piece: piece.stop) for segment in segments]
    cell = max(1.0, median(piece.size for piece in firsts))
    grid: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, piece in enumerate(firsts):
        bucket = grid[int(piece.start // cell), int(piece.baseline // cell)]
        if len(bucket) < MAX_CANDIDATES:
            bucket.append(i)
    pairs: list[tuple[float, int, int]] = []
    for i, left in enumerate(lasts):
        for j in _near(grid, left, cell):
            right = firsts[j]
            gap = (right.start - left.stop) / max(left.size, right.size)
            cut = left.cut_behind or right.cut_before
            if i != j and not cut and -OVERLAP < gap < JOIN_GAP and _level(left, right):
                pairs.append((abs(gap), i, j))
    return _chains(segments, pairs)


def _near(grid: dict[tuple[int, int], list[int]], left: Piece, cell: float) -> Iterator[int]:
    """The segments that begin about where `left` ends."""
    em = min(max(left.size, cell), 4 * cell)
    columns = range(int((left.stop - OVERLAP * em) // cell), int((left.stop + JOIN_GAP * em) // cell) + 1)
    shift = BASELINE_SHIFT * em
    rows = range(int((left.baseline - shift) // cell), int((left.baseline + shift) // cell) + 1)
    for column in columns:
        for row in rows:
            yield from grid.get((column, row), ())


def _level(left: Piece, right: Piece) -> bool:
    """True for pieces on one baseline, super- and subscripts included, big initials of lines not."""
    if len(left.text) == 1 and left.text.isalpha() and left.size >= INITIAL_SIZE * right.size:
        return False
    small, big = (left.size, right.size) if left.size < right.size else (right.size, left.size)
    reach = small if big >= UNLIKE_SIZE * small else big
    return abs(left.baseline - right.baseline) < BASELINE_SHIFT * reach


def _chains(segments: list[list[Piece]], pairs: list[tuple[float, int, int]]) -> list[list[Piece]]:
    """Segments linked at their ends, closest pairs first; no chain closes on itself."""
    after: dict[int, int] = {}
    before: dict[int, int] = {}
    root = list(range(len(segments)))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for _, i, j in sorted(pairs):
        if i not in after and j not in before and find(i) != find(j):
            after[i], before[j] = j, i
            root[find(i)] = find(j)
    chains = []
    for i in range(len(segments)):
        if i not in before:
            chain = list(segments[i])
            while i in after:
                i = after[i]
                chain.extend(segments[i])
            chains.append(chain)
    return chains
