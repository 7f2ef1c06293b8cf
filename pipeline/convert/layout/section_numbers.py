"""Lines whose numbers make a series over the document, as those of sections do: 1, 1.1, 1.2, 2, 2.1, ..."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docmill.pipeline.convert.layout.blocks.line_ends import opens
from docmill.pipeline.convert.layout.blocks.text_rows import Face, Row

__all__ = ["SectionNumbers"]

_MOST_LINES = 5_000  # that may be a section's first, of a document
_MOST_CHARS = 120
_MARGIN = 0.12  # of the page's height
_MOST_SERIES = 6
_LEAST_SECTIONS = 3
_LEAST_WEIGHT = 1.0  # of a series' lines, on average
_LEAST_CAPITALS = 4  # characters of a title
_LEAST_OF_ONE = 0.5
_NUMBER = re.compile(
    r"(?:(?P<word>chapter|section|appendix|kapitel|chapitre|capítulo|capitolo)\s+)?"
    r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){0,4}|[IVX]{1,5}(?:\.\d{1,2}){0,4})"
    r"(?P<mark>[.:]?)\s+(?=[^\W\d_])",
    re.IGNORECASE,
)
_ROMAN = {"I": 1, "V": 5, "X": 10}
#: What a line ends with that is a sentence's, or an entry of the contents: the page's number.
_NO_TITLE = re.compile(r"[.,;:。，；：]$|\s\d{1,4}$")

_Number = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that may be a section's first: where it is, its number, and how much it looks like that."""

    page: int
    cell: int
    kind: str  # of its number's first part: digits, a letter or a Roman numeral
    number: _Number
    face: Face
    weight: float
    margin: str  # its text, where it stands in a margin: running heads have sections' numbers too


class SectionNumbers:
    """Gathers numbered lines one page at a time, in bounded memory."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._pages: dict[str, set[int]] = {}

    def add(self, page: int, rows: Sequence[Row], height: float) -> None:
        """Look over the lines of a page of that height, in the order of its content."""
        if len(self._lines) > _MOST_LINES:
            return
        numbers = [list(_numbers(row)) for row in rows]
        for place, row in enumerate(rows):
            after = rows[place + 1] if place + 1 < len(rows) else None
            for kind, number, weight in numbers[place]:
                if after is not None and _stands_over(row, after):
                    weight += _followed(number, [other for _, other, _ in numbers[place + 1]], after)
                self._pages.setdefault(row.text, set()).add(page)
                margin = not _MARGIN <= row.middle / height <= 1 - _MARGIN
                text = row.text if margin else ""
                self._lines.append(_Line(page, row.cells[0], kind, number, row.face, weight, text))

    def found(self, body: Face) -> dict[int, tuple[int, ...]]:
        """The first cells of the lines of the best series, by page; `body` is the face of the text."""
        weights = [line.weight + 0.5 * (line.face != body) for line in self._lines]
        left = [
            place
            for place, line in enumerate(self._lines)
            if not line.margin or len(self._pages[line.margin]) == 1
        ]
        cells: dict[int, set[int]] = {}
        for _ in range(_MOST_SERIES):
            series = self._best(left, weights)
            if len(series) < _LEAST_SECTIONS:
                break
            if sum(weights[place] for place in series) >= _LEAST_WEIGHT * len(series):
                for place in (place for place in series if weights[place] >= _LEAST_OF_ONE):
                    cells.setdefault(self._lines[place].page, set()).add(self._lines[place].cell)
            gone = set(series)
            left = [place for place in left if place not in gone]
        return {page: tuple(sorted(found)) for page, found in cells.items()}

    def _best(self, places: Sequence[int], weights: Sequence[float]) -> list[int]:
        """The series of the greatest weight, in which each line's number follows that of the one before."""
        totals: dict[int, float] = {}
        before: dict[int, int | None] = {}
        last: dict[tuple[str, _Number, bool], int] = {}  # within a number, or at it: the best line so far
        for place in places:
            line = self._lines[place]
            *outer, inner = line.number
            first = inner == 1 and bool(outer)
            previous = last.get((line.kind, tuple(outer) if first else (*outer, inner - 1), first))
            totals[place] = weights[place] + (totals[previous] if previous is not None else 0.0)
            before[place] = previous
            within = [(line.kind, line.number[:depth], False) for depth in range(1, len(line.number) + 1)]
            for key in (*within, (line.kind, line.number, True)):
                if key not in last or totals[place] > totals[last[key]]:
                    last[key] = place
        end = max(totals, key=lambda place: totals[place], default=None)
        series: list[int] = []
        while end is not None:
            series.append(end)
            end = before[end]
        return series[::-1]


def _numbers(row: Row) -> Iterator[tuple[str, _Number, float]]:
    """How the number before a line may be read: kind, parts, and how much it is like a section's."""
    text = row.text
    found = _NUMBER.match(text)
    if found is None or row.ocr or row.angle or len(text) > _MOST_CHARS or _NO_TITLE.search(text):
        return
    head, *tail = found["number"].split(".")
    rest = tuple(map(int, tail))
    listed = bool(found["mark"]) and not rest and not found["word"]
    weight = 0.5 + 0.5 * bool(rest or found["word"]) - 0.5 * listed
    title = text[found.end() :]
    weight += 0.5 * (title.isupper() and len(title) >= _LEAST_CAPITALS)
    if title[:1].islower() and not (rest or found["word"]):
        weight -= 0.25
    if head.isdecimal():
        yield "1", (int(head), *rest), weight
        return
    if not (found["mark"] or rest or found["word"]):
        return  # "A house", "I am"
    head = head.upper()
    if len(head) == 1:
        yield "A", (ord(head) - 64, *rest), weight
    if all(char in _ROMAN for char in head):
        yield "I", (_roman(head), *rest), weight


def _followed(number: _Number, others: Sequence[_Number], after: Row) -> float:
    """What the line under a numbered one says of it: text is good, the next number is not."""
    if (*number, 1) in others:
        return 0.5
    if others:
        return -0.5 if (*number[:-1], number[-1] + 1) in others else 0.0
    return 0.5 if opens(after) else -1.0


def _roman(numeral: str) -> int:
    values = [_ROMAN[char] for char in numeral]
    return sum(
        -value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True)
    )


def _stands_over(row: Row, below: Row) -> bool:
    """True for a line over another one; a column or a page may end between them."""
    return below.box.t - row.box.t > 0.5 * row.size or below.box.t < row.box.t - 5 * row.size
