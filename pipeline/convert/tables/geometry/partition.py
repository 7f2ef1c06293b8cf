"""Runs of lines to rows, all at once: the parting of a table's lines that its texts agree with best.

Cells of a row are all set to its top, to its middle or to its bottom, the same in the whole table; which of
them it is comes out of trying. What a row costs is what it lacks (tables are mostly full) and each text
that is not where the row's alignment puts it; what it gains is texts that go on below each other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import msgspec

from docmill.pipeline.convert.tables.geometry.continuation import Continuations
from docmill.pipeline.convert.tables.geometry.placed_lines import PlacedLine
from docmill.pipeline.convert.tables.geometry.textlines import Chunk

__all__ = ["partitioned"]

#: A row has at most so many lines; this bounds the work.
_MOST_LINES = 30
#: Lines further apart than so many em are never one row.
_FARTHEST = 2.2
#: Costs of a cell that is missing: the first, which names the row, and any other; and of all together.
_UNNAMED, _MISSING, _MOST_MISSING = 0.5, 0.25, 1.25
#: Cost of a row that is a name alone: it may head those below.
_NAME_ALONE = 0.2
#: Cost of going on in all columns of the table at once, for each of them.
_ALL_GO_ON = 0.4
#: Lines of headings without a span among them are one row more often than not.
_HEADING_GOES_ON = 0.5
#: Cost of a text that is not where the alignment puts it, and of not being set to the top.
_MISPLACED = 2.0
_UNUSUAL = {"top": 0.0, "bottom": 1.0, "middle": 1.2}
#: What lines set as tight as in a cell gain, and what the wider space between rows costs.
_TIGHT, _LOOSE = 1.2, 2.5
#: A row that has lost so much does not get better.
_HOPELESS = -5.0

#: Where a column's text stands in a row: the middles of its first and last line.
_Extent = tuple[float, float]


class _Entry(msgspec.Struct, frozen=True):
    """A text of one line: its column, and the evidence that it goes on with the last one above it there."""

    column: int
    goes_on: float


class _Lines(msgspec.Struct, frozen=True, kw_only=True):
    """All that is to be known of a table's lines, from top to bottom."""

    middles: list[float]
    entries: list[list[_Entry]]
    alone: list[bool]  # a text over several columns is a row of its own
    pitch: list[float]  # what the space above each line says, for going on
    columns: int
    heads: int  # lines at the top that are headings
    doubtful: bool  # some line lacks texts that others have, so it may go with its neighbours
    em: float


def partitioned(
    lines: Sequence[PlacedLine],
    bands: Sequence[Sequence[int]],
    known: Continuations,
    heads: int = 0,
    apart: Collection[int] = (),
    within: Sequence[float] = (),
) -> list[list[list[int]]]:
    """For each band, a run of lines that nothing parts, the indices of the lines of each of its rows.

    The first `heads` lines of the table are headings, which may be aligned otherwise than what follows.
    Lines of `apart` are rows of their own, as are those with a text over several columns. `within`: how far
    lines of rows that are known from elsewhere stand apart.
    """
    run = _lines(lines, bands, known, heads, apart, within)
    best: tuple[float, list[list[list[int]]]] | None = None
    for alignment, unusual in _UNUSUAL.items():
        parted = [_parted(run, band, alignment) for band in bands]
        score = sum(own for own, _ in parted) - unusual
        rows = [own for _, own in parted]
        if best is None or score > best[0]:
            best = (score, rows)
        if not run.doubtful and all(len(own) == len(band) for own, band in zip(rows, bands, strict=True)):
            return rows
    return best[1] if best is not None else []


def _lines(
    lines: Sequence[PlacedLine],
    bands: Sequence[Sequence[int]],
    known: Continuations,
    heads: int,
    apart: Collection[int],
    within: Sequence[float],
) -> _Lines:
    entries: list[list[_Entry]] = [[] for _ in lines]
    pitches: list[float | None] = [None] * len(lines)
    conflicts = [False] * len(lines)
    for band in bands:
        last: dict[int, tuple[float, Chunk]] = {}
        for index in band:
            placed = lines[index]
            for column, chunk in placed.texts().items():
                goes_on = 0.0
                if column in last:
                    height, above = last[column]
                    goes_on = known.evidence(above, chunk, column, heading=index < heads)
                    pitch, distance = pitches[index], placed.middle - height
                    pitches[index] = distance if pitch is None else min(pitch, distance)
                    conflicts[index] |= goes_on < -2
                entries[index].append(_Entry(column, goes_on))
                last[column] = (placed.middle, chunk)
    columns = len({entry.column for own in entries for entry in own})
    return _Lines(
        middles=[placed.middle for placed in lines],
        entries=entries,
        alone=[placed.spans() or index in apart for index, placed in enumerate(lines)],
        pitch=_spacing(pitches, conflicts, within, known.em),
        columns=columns,
        heads=heads,
        # Where every line has all texts none can be a part of its neighbours.
        doubtful=any(len(own) < columns for own in entries),
        em=known.em,
    )


def _spacing(
    pitches: Sequence[float | None], conflicts: Sequence[bool], within: Sequence[float], em: float
) -> list[float]:
    """For each line what its distance from the text above says: tight or loose, where a table has both."""
    if within:
        return [0.0 if p is None else _TIGHT if p <= max(within) * 1.1 else -_LOOSE for p in pitches]
    known = sorted(p for p in pitches if p is not None and 0.7 * em < p <= _FARTHEST * em)
    if len(known) < 3:
        return [0.0] * len(pitches)
    tight = known[len(known) // 20] * 1.1
    close = [at for at, p in enumerate(pitches) if p is not None and p <= tight]
    wide = sum(p > tight * 1.03 for p in known)
    # Tight lines that cannot be one row show that space parts groups of rows here, not rows.
    if wide < max(1, 0.1 * len(known)) or 5 * sum(conflicts[at] for at in close) > len(close):
        return [0.0] * len(pitches)
    return [0.0 if p is None else _TIGHT if p <= tight else -_LOOSE for p in pitches]


def _parted(run: _Lines, band: Sequence[int], alignment: str) -> tuple[float, list[list[int]]]:
    """The best parting of one band under one alignment, and its score."""
    count = len(band)
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("-inf"), 0)] * count
    for start in range(count):
        row = _Row(run, band[start])
        placing = _ALIGNED if band[start] < run.heads else {alignment: _ALIGNED[alignment]}
        for end in range(start, min(count, start + _MOST_LINES)):
            if not row.take(band[end]):
                break
            score = best[start][0] + row.score(placing)
            if score > best[end + 1][0]:
                best[end + 1] = (score, start)
    rows: list[list[int]] = []
    end = count
    while end > 0:
        start = best[end][1]
        rows.append(list(band[start:end]))
        end = start
    return best[count][0], rows[::-1]


def _top(text: _Extent, row: _Extent) -> float:
    return text[0] - row[0]


def _bottom(text: _Extent, row: _Extent) -> float:
    return row[1] - text[1]


def _middle(text: _Extent, row: _Extent) -> float:
    return abs((text[0] + text[1]) - (row[0] + row[1])) / 2


_ALIGNED: dict[str, Callable[[_Extent, _Extent], float]] = {"top": _top, "bottom": _bottom, "middle": _middle}


class _Row:
    """A row in the making: lines from `start` on."""

    def __init__(self, run: _Lines, start: int) -> None:
        self._run = run
        self._start = start
        self._extents: dict[int, _Extent] = {}
        self._gain = 0.0

    def take(self, index: int) -> bool:
        """Add the next line; False when it cannot belong here, nor can any after it."""
        run = self._run
        middle = run.middles[index]
        if index > self._start:
            apart = middle - run.middles[index - 1] > _FARTHEST * run.em
            if apart or run.alone[index] or run.alone[self._start]:
                return False
        going_on = 0
        for entry in run.entries[index]:
            extent = self._extents.get(entry.column)
            if extent is None:
                self._extents[entry.column] = (middle, middle)
                continue
            going_on += 1
            self._gain += entry.goes_on
            if middle - extent[1] > _FARTHEST * run.em:
                self._gain -= _MISPLACED
            self._extents[entry.column] = (extent[0], middle)
        if going_on and index < run.heads:
            self._gain += run.pitch[index] + _HEADING_GOES_ON
        elif going_on:
            self._gain += run.pitch[index] - _ALL_GO_ON * going_on * (going_on == run.columns)
        return index == self._start or self._gain > _HOPELESS

    def score(self, alignments: dict[str, Callable[[_Extent, _Extent], float]]) -> float:
        """What the row gains, less what it costs under the best of the alignments."""
        if self._run.alone[self._start]:
            return self._gain
        lacking = self._run.columns - len(self._extents)
        unnamed = 0 not in self._extents
        cost = min(_MOST_MISSING, _MISSING * (lacking - unnamed) + _UNNAMED * unnamed)
        if len(self._extents) == 1 and not unnamed:
            cost = min(cost, _NAME_ALONE)
        extents = self._extents.values()
        whole = (min(e[0] for e in extents), max(e[1] for e in extents)) if self._extents else (0.0, 0.0)
        if whole[1] - whole[0] > 0.3 * self._run.em:
            slack = 0.35 * self._run.em
            cost += _MISPLACED * min(
                sum(off(extent, whole) > slack for extent in extents) for off in alignments.values()
            )
        return self._gain - cost
