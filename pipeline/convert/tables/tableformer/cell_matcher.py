"""Words to the cells that a table model predicted, as docling's `CellMatcher` does it.

docling-ibm-models 4.0.4, `tableformer.data_management.tf_cell_matcher`: every pair of a word and a cell that
share area is a match, and its score is the share of the word's area that lies in the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.tables.otsl_spans import BEGINS_CELL, Span, otsl_spans

__all__ = ["Matches", "PredictedCell", "intersections", "predicted_cells"]

#: Pairs of cells and words that are looked at in one go: 8 MB for each intermediate value.
_BATCH = 1 << 20


@dataclass(frozen=True)
class PredictedCell:
    """A cell that the tags begin; `span`, columns and rows, only when it takes several positions."""

    row: int
    col: int
    tag: str
    span: Span | None = None


@dataclass(frozen=True)
class Matches:
    """Pairs that share area, ordered by cell, then by word: indices [M] and shares [M] of the words' area."""

    cells: NDArray[np.intp]
    words: NDArray[np.intp]
    shares: NDArray[np.float64]

    def of(self, chosen: NDArray[np.bool_]) -> Matches:
        """Only the pairs that are chosen [M]."""
        return Matches(self.cells[chosen], self.words[chosen], self.shares[chosen])


def predicted_cells(tags: Sequence[str]) -> list[PredictedCell]:
    """The cells of a table in the order of their tags, which is that of their boxes.

    A tag `xcel` is read as `lcel`, which the table model writes in its place.
    """
    tags = ["lcel" if tag == "xcel" else tag for tag in tags]
    spans = otsl_spans(tags)
    cells: list[PredictedCell] = []
    row = col = 0
    for tag in tags:
        if tag == "nl":
            row, col = row + 1, 0
            continue
        if tag in BEGINS_CELL:
            cells.append(PredictedCell(row, col, tag, spans.get(len(cells))))
        col += 1
    return cells


def intersections(cells: NDArray[np.float64], words: NDArray[np.float64]) -> Matches:
    """All pairs of cells [C, 4] and words [W, 4] that share area; boxes are left, top, right, bottom."""
    areas = (words[:, 2] - words[:, 0]) * (words[:, 3] - words[:, 1])
    found: list[Matches] = []
    step = max(1, _BATCH // max(1, len(words)))
    for start in range(0, len(cells), step):
        left, top, right, bottom = (cells[start : start + step, i, None] for i in range(4))
        wide = np.minimum(right, words[:, 2]) - np.maximum(left, words[:, 0])
        high = np.minimum(bottom, words[:, 3]) - np.maximum(top, words[:, 1])
        shared = (wide >= 0) & (high >= 0) & (areas > 0)
        shares = np.divide(wide * high, areas, out=np.zeros_like(wide), where=shared)
        at, word = np.nonzero(shares > 0)
        found.append(Matches(at + start, word, shares[at, word]))
    if not found:
        nothing = np.empty(0, np.intp)
        return Matches(nothing, nothing, np.empty(0))
    return Matches(*(np.concatenate([getattr(m, name) for m in found]) for name in Matches.__annotations__))
