"""Numbers that count the lines of a page, parted from the lines beside which they are drawn.

Their setters put them about an em before the text, or behind it, mostly in small type, so that each looks
like the first word of its line. What tells them is that they stand at one edge, line under line, and count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docmill.pipeline.convert.common_edges import by_edge
from docmill.pipeline.convert.pdf.text.pieces import Piece

__all__ = ["parted_numbers"]

_LEAST, _FEWEST = 5, 3  # numbers that count, and as many where all are small
_MOST_DIGITS = 4
_STEPS = (1, 2, 5, 10)
_EDGE = 2.5  # points by which the edges of a column's numbers may differ
_SMALLER = 0.85  # of the text's size: small numbers
_CLEAR = 0.4  # em of the text between it and its number, at least
_LEVEL = 0.1  # em by which their baselines may differ: marks of notes are raised


@dataclass(frozen=True, slots=True)
class _Number:
    """The number at an end of a line; `text` is what it stands beside, None where it stands alone."""

    piece: Piece
    line: int
    text: Piece | None

    @property
    def value(self) -> int:
        return int(self.piece.text)

    @property
    def small(self) -> bool:
        return self.text is not None and self.piece.size <= _SMALLER * self.text.size


def parted_numbers(lines: list[list[Piece]], typed: Sequence[bool]) -> list[list[Piece]]:
    """The lines, those that begin or end with their number in two.

    `typed` says of each font whether it is a typewriter's: the numbers of a listing stay in it.
    """
    if sum(_is_count(piece) for line in lines for piece in (line[0], line[-1])) < _FEWEST:
        return lines
    placed = [sorted(line, key=lambda piece: piece.start) for line in lines]
    cut: dict[int, int] = {}
    for end in (0, -1):
        ends = [number for at, line in enumerate(placed) if (number := _number(line, at, end)) is not None]
        for run in _counting(ends):
            beside = [number for number in run if number.text is not None]
            listing = sum(number.text is not None and typed[number.text.font] for number in beside)
            small = sum(number.small for number in beside)
            sure = small == len(beside) or (len(run) >= _LEAST and 2 * (len(beside) - small) <= len(run))
            if sure and 2 * listing < max(1, len(beside)):
                cut |= {number.line: 1 if end == 0 else -1 for number in beside}
    if not cut:
        return lines
    return [
        part
        for number, line in enumerate(placed)
        for part in ((line[: cut[number]], line[cut[number] :]) if number in cut else (line,))
    ]


def _is_count(piece: Piece) -> bool:
    return piece.angle == 0 and piece.text.isdecimal() and len(piece.text) <= _MOST_DIGITS


def _number(line: Sequence[Piece], at: int, end: int) -> _Number | None:
    """The number at an end of a line, where it is apart from the text."""
    number = line[end]
    if not _is_count(number):
        return None
    if len(line) == 1:
        return _Number(number, at, None)
    text = line[1] if end == 0 else line[-2]
    apart = number.start - text.stop if end else text.start - number.stop
    level = abs(number.baseline - text.baseline) < _LEVEL * text.size
    return _Number(number, at, text) if level and apart >= _CLEAR * text.size else None


def _counting(ends: Sequence[_Number]) -> Iterator[list[_Number]]:
    """Runs of numbers that stand under each other and rise by one step."""
    for columns in (
        by_edge(ends, lambda end: end.piece.stop, _EDGE),
        by_edge(ends, lambda end: end.piece.start, _EDGE),
    ):
        for column in columns:
            yield from _rising(column)


def _rising(column: list[_Number]) -> Iterator[list[_Number]]:
    column.sort(key=lambda number: number.piece.box[1])
    run: list[_Number] = []
    for number in column:
        step = number.value - run[-1].value if run else 0
        usual = run[1].value - run[0].value if len(run) > 1 else step
        if run and (step != usual or step not in _STEPS):
            if len(run) >= _FEWEST:
                yield run
            run = run[-1:] if step in _STEPS else []
        run.append(number)
    if len(run) >= _FEWEST:
        yield run
