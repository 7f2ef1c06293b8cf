"""How near a structure comes to the right cells: pairs of neighbours, as in ICDAR 2013."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Placed", "is_exact", "relations_f1"]


@dataclass(frozen=True)
class Placed:
    """A cell's place and text."""

    row: int
    col: int
    row_span: int
    col_span: int
    text: str


def relations_f1(truth: Iterable[Placed], found: Iterable[Placed]) -> float:
    """The F1 of neighbouring cells with text, letters and figures alone compared; 1 for two empty tables."""
    right, told = _relations(truth), _relations(found)
    hits = (right & told).total()
    return 2 * hits / (right.total() + told.total()) if right or told else 1.0


def is_exact(truth: Iterable[Placed], found: Iterable[Placed]) -> bool:
    """Whether all cells with text are where they should be, with their spans and text, spaces aside."""
    return _cells(truth) == _cells(found)


def _cells(cells: Iterable[Placed]) -> set[tuple[int, int, int, int, str]]:
    return {
        (cell.row, cell.col, cell.row_span, cell.col_span, "".join(cell.text.split()))
        for cell in cells
        if cell.text
    }


def _relations(cells: Iterable[Placed]) -> Counter[tuple[str, str, bool]]:
    texts: list[str] = []
    grid: dict[tuple[int, int], int] = {}
    for cell in cells:
        text = "".join(char for char in cell.text.lower() if char.isalnum())
        if text:
            for row in range(cell.row, cell.row + cell.row_span):
                for col in range(cell.col, cell.col + cell.col_span):
                    grid[row, col] = len(texts)
            texts.append(text)
    seen: set[tuple[int, int, bool]] = set()
    left: dict[int, tuple[int, int]] = {}
    above: dict[int, int] = {}
    for (row, col), at in sorted(grid.items()):
        if row in left and left[row][1] != at:
            seen.add((left[row][1], at, True))
        if col in above and above[col] != at:
            seen.add((above[col], at, False))
        left[row] = (col, at)
        above[col] = at
    return Counter((texts[a], texts[b], across) for a, b, across in seen)
