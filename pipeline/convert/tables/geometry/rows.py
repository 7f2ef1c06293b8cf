"""Which lines of a table are rows of their own, and which continue the cells above them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from docmill.pipeline.convert.tables.geometry.columns import Interval
from docmill.pipeline.convert.tables.geometry.textlines import Chunk, TextLine

__all__ = ["YEAR", "PlacedLine", "group_rows", "is_numeric"]

_NUMERIC = re.compile(r"[\s\d.,:%$€£¥()+\-–—−±×*/'’]*")
#: A year, or a business year: numeric, yet a heading.
YEAR = re.compile(r"(?:FY\s*)?(?:19|20)\d\d(?:[-–/]\d\d(?:\d\d)?)?")
_OPEN_END = re.compile(r"(?:[-‐/(,&±]|\b(?:and|or|of|the|for|to|in|by|with|from|on|a|an))$", re.IGNORECASE)

#: Evidence that a line continues the row above it; see `_continues`.
_ENOUGH = 1.0


class PlacedLine(msgspec.Struct, frozen=True):
    """A line's chunks with the columns they cover, first and last."""

    line: TextLine
    placed: list[tuple[int, int, Chunk]]

    @property
    def middle(self) -> float:
        """Its height on the page, half way between top and bottom."""
        return (self.line.box.t + self.line.box.b) / 2

    def columns(self) -> set[int]:
        """All columns that hold text of this line."""
        return {column for first, last, _ in self.placed for column in range(first, last + 1)}


def is_numeric(text: str) -> bool:
    """True for a number with its signs, a range, a percentage, a date in figures; or a dash for none."""
    return bool(text) and _NUMERIC.fullmatch(text) is not None


def group_rows(
    lines: Sequence[PlacedLine], columns: Sequence[Interval], barriers: Sequence[float], em: float
) -> list[list[int]]:
    """Indices of the lines of each row, from top to bottom.

    `barriers` are ascending heights at which a ruling or the edge of a background parts two rows.
    """
    bands = _bands(lines, barriers)
    if len(bands) >= 4 and not any(_conflicting([lines[i] for i in band]) for band in bands[1:]):
        head = _paired(lines, bands[0], columns, _Spacing(None), em, header=True)
        return head + bands[1:]
    spacing = _spacing(lines, bands, em)
    rows: list[list[int]] = []
    for at, band in enumerate(bands):
        rows += _paired(lines, band, columns, spacing, em, header=at == 0 and len(bands) > 1)
    return rows


def _bands(lines: Sequence[PlacedLine], barriers: Sequence[float]) -> list[list[int]]:
    """Runs of lines that no barrier parts."""
    bands: list[list[int]] = []
    barrier = 0
    for index, placed in enumerate(lines):
        crossed = False
        while barrier < len(barriers) and barriers[barrier] < placed.middle:
            barrier += 1
            crossed = True
        if crossed or not bands:
            bands.append([index])
        else:
            bands[-1].append(index)
    return bands


def _numbers(placed: PlacedLine) -> dict[int, Chunk]:
    return {first: chunk for first, last, chunk in placed.placed if first == last and is_numeric(chunk.text)}


def _conflicting(lines: Sequence[PlacedLine]) -> bool:
    """True when lines cannot be one row: two of them, several columns wide, have a number in one column."""
    seen: set[int] = set()
    for placed in lines:
        numbers = set(_numbers(placed))
        if seen & numbers and len(placed.columns()) > 1:
            return True
        seen |= numbers
    return False


class _Spacing(msgspec.Struct, frozen=True):
    """Pitch, in points, up to which a line is set as tight as within a cell; None when pitch says nothing."""

    tight: float | None


def _spacing(lines: Sequence[PlacedLine], bands: Sequence[Sequence[int]], em: float) -> _Spacing:
    # Closer than lines of text are set: a label beside the middle of several lines.
    pairs = [(i, j) for band in bands for i, j in pairwise(band) if _pitch(lines[i], lines[j]) > 0.9 * em]
    pitches = sorted(_pitch(lines[i], lines[j]) for i, j in pairs)
    if len(pitches) < 2:
        return _Spacing(None)
    tight = pitches[len(pitches) // 20] * 1.12
    close = [(i, j) for i, j in pairs if _pitch(lines[i], lines[j]) <= tight]
    wide = len(pairs) - len(close)
    # Tight lines that cannot be one row show that space parts groups of rows here, not rows.
    if wide < max(1, 0.1 * len(pairs)) or any(_conflicting([lines[i], lines[j]]) for i, j in close):
        return _Spacing(None)
    return _Spacing(tight)


def _pitch(above: PlacedLine, below: PlacedLine) -> float:
    return below.middle - above.middle


def _paired(
    lines: Sequence[PlacedLine],
    band: Sequence[int],
    columns: Sequence[Interval],
    spacing: _Spacing,
    em: float,
    *,
    header: bool,
) -> list[list[int]]:
    """The rows of one band, decided line by line."""
    if header and len(band) <= 4 and _is_single_header([lines[i] for i in band], em):
        return [list(band)]
    rows: list[list[int]] = []
    for index in band:
        if rows and _continues(lines, rows[-1], index, columns, spacing, em):
            rows[-1].append(index)
        else:
            rows.append([index])
    return rows


def _is_single_header(lines: Sequence[PlacedLine], em: float) -> bool:
    """Lines above the first rule are one row of wrapped headings unless one of them spans columns."""
    spans = any(first != last for placed in lines for first, last, _ in placed.placed)
    apart = any(_pitch(a, b) > 1.9 * em for a, b in pairwise(lines))
    return not spans and not apart and not _conflicting(lines)


def _continues(
    lines: Sequence[PlacedLine],
    row: Sequence[int],
    index: int,
    columns: Sequence[Interval],
    spacing: _Spacing,
    em: float,
) -> bool:
    """Weigh whether line `index` goes on with the cells of `row` above it.

    For: tighter than rows are set; text goes on in lower case, or after an open end; the first word had
    no room in the line above; only some columns go on. Against: numbers below numbers; room for the word.
    """
    below, above = lines[index], lines[row[-1]]
    pitch = _pitch(above, below)
    if pitch > 2.2 * em or not below.placed or any(a != b for a, b, _ in (*below.placed, *above.placed)):
        return False
    over = {column: chunk for i in row for column, _, chunk in lines[i].placed}
    last = {column: chunk for column, _, chunk in above.placed}
    evidence = [
        _goes_on(over, last[column], column, chunk, columns, em) if column in last else -0.5
        for column, _, chunk in below.placed
        if column in last or column > 0  # a label beside the middle of a group says nothing
    ]
    score = sum(evidence) / len(evidence) if evidence else -0.5
    mine, theirs = below.columns(), set(over)
    score += 0.7 if mine < theirs else -0.7 if mine == theirs else 0.0
    if 0 in theirs and 0 not in mine:
        score += 0.5
    if spacing.tight is not None:
        score += 1.2 if pitch <= spacing.tight else -2.0
    return score >= _ENOUGH


def _goes_on(
    over: Mapping[int, Chunk],
    above: Chunk,
    column: int,
    chunk: Chunk,
    columns: Sequence[Interval],
    em: float,
) -> float:
    """The evidence of one chunk that it continues its column's text."""
    if is_numeric(chunk.text):
        if _OPEN_END.search(above.text):
            return 1.0
        return -0.5 if YEAR.fullmatch(chunk.text) and not is_numeric(over[column].text) else -2.0
    width = columns[column][1] - columns[column][0]
    score = 0.0
    if above.box.width + 0.25 * em + chunk.words[0].box.width <= width - 0.3 * em:
        score -= 2.0
    elif width >= 8 * em:
        score += 1.0
    elif len(above.words) > 1:
        score += 0.5
    if _OPEN_END.search(above.text):
        score += 1.0
    return score + (1.0 if chunk.text[:1].islower() else -1.0)
