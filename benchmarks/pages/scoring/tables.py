"""Tables: whether they were found, and whether the cells that stand side by side still do.

Relations are those of the ICDAR 2013 competition: pairs of neighbouring cells that are not empty, as
(text, text, direction), of a page's part of the table.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from benchmarks.pages.marks import Mark
from benchmarks.pages.scoring.outcome import Item, letters
from benchmarks.pages.truth import TruthLine

__all__ = ["Overlap", "TableScore", "score_tables"]

Relation = tuple[str, str, str]
_Area = tuple[int, int, int, int]  # row, column, row after the last, column after the last


class Overlap(msgspec.Struct):
    """How much two multisets have in common."""

    both: int = 0
    truth: int = 0
    outcome: int = 0

    def add(self, truth: Counter[Relation] | Counter[str], outcome: Counter[Relation] | Counter[str]) -> None:
        """Two more multisets."""
        self.both += (Counter(truth) & Counter(outcome)).total()
        self.truth += truth.total()
        self.outcome += outcome.total()

    def merge(self, other: Overlap) -> None:
        """Another's counts."""
        self.both, self.truth, self.outcome = (
            self.both + other.both,
            self.truth + other.truth,
            self.outcome + other.outcome,
        )

    @property
    def f1(self) -> float | None:
        """None where there is nothing."""
        return 2 * self.both / (self.truth + self.outcome) if self.truth + self.outcome else None


class TableScore(msgspec.Struct):
    """A page's part of a table: its mark, the share of its lines that are in a table, cells, relations."""

    mark: int
    page: int
    kind: str
    found: float
    cells: Overlap
    relations: Overlap


def score_tables(
    lines: Sequence[TruthLine], placed: Sequence[Item | None], marks: Mapping[int, Mark], kind: str
) -> list[TableScore]:
    """Each page's part of each table; `kind` says how the document's tables are ruled."""
    parts: dict[tuple[int, int], list[tuple[TruthLine, Item | None]]] = defaultdict(list)
    for line, item in zip(lines, placed, strict=True):
        cell = marks[line.mark].cell
        if cell is not None:
            parts[cell.table, line.page].append((line, item))
    return [_score(mark, page, part, marks, kind) for (mark, page), part in sorted(parts.items())]


def _score(
    mark: int, page: int, part: Sequence[tuple[TruthLine, Item | None]], marks: Mapping[int, Mark], kind: str
) -> TableScore:
    texts: dict[int, str] = defaultdict(str)
    for line, _ in part:
        texts[line.mark] += line.text
    truth: dict[_Area, str] = {}
    for number, text in texts.items():
        cell = marks[number].cell
        if cell is not None and letters(text):
            truth[cell.row, cell.column, cell.row + 1, cell.column + cell.columns] = letters(text)
    tables = {item.order: item for _, item in part if item is not None and item.cells}
    outcome: Counter[Relation] = Counter()
    words: Counter[str] = Counter()
    for item in tables.values():
        areas = {
            (c.row, c.column, c.end_row, c.end_column): letters(c.text) for c in item.cells if letters(c.text)
        }
        outcome += _relations(areas)
        words += Counter(areas.values())
    score = TableScore(mark, page, kind, 0.0, Overlap(), Overlap())
    score.found = sum(item is not None and bool(item.cells) for _, item in part) / len(part)
    score.cells.add(Counter(truth.values()), words)
    score.relations.add(_relations(truth), outcome)
    return score


def _relations(cells: Mapping[_Area, str]) -> Counter[Relation]:
    found: Counter[Relation] = Counter()
    for area, text in cells.items():
        for direction, neighbours in (("right", _right(area, cells)), ("below", _below(area, cells))):
            for neighbour in neighbours:
                found[text, cells[neighbour], direction] += 1
    return found


def _right(area: _Area, cells: Iterable[_Area]) -> list[_Area]:
    """The nearest cells to the right in the rows of the area."""
    top, _, bottom, right = area
    there = [c for c in cells if c[1] >= right and c[0] < bottom and c[2] > top]
    nearest = min((c[1] for c in there), default=None)
    return [c for c in there if c[1] == nearest]


def _below(area: _Area, cells: Iterable[_Area]) -> list[_Area]:
    """The nearest cells below in the columns of the area: one for each column that has one."""
    _, left, bottom, right = area
    there = [c for c in cells if c[0] >= bottom and c[1] < right and c[3] > left]
    found: set[_Area] = set()
    for column in range(left, right):
        over = [c for c in there if c[1] <= column < c[3]]
        if over:
            found.add(min(over))
    return sorted(found)
