"""A table of a table model's tags and boxes and the page's words, as docling makes it of TableFormer's."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.tables.tableformer.cell_matcher import PredictedCell, predicted_cells
from docmill.pipeline.convert.tables.tableformer.match_repair import assign_words
from docmill.pipeline.convert.types import Box, TableCell, TableStructure, Word

__all__ = ["matched_structure", "words_of_table"]

#: docling matches at 144 dpi.
_SCALE = 2.0
#: A word is a table's when more than this part of it lies within.
_MOSTLY = 0.8


def words_of_table(table: Box, words: Sequence[Word]) -> list[Word]:
    """The words that docling takes for a table's, in their order on the page."""
    return [word for word in words if word.text.strip() and word.box.inside(table) > _MOSTLY]


def matched_structure(
    region: int,
    tags: Sequence[str],
    boxes: Sequence[Box | None],
    words: Sequence[Word],
    method: str,
    classes: NDArray[np.integer] | None = None,
) -> TableStructure:
    """The structure of a table from OTSL `tags`, a box in points for each cell they begin, and its words.

    Cells without a word are left out, and rows and columns in which then no cell begins are folded away, as
    in docling; cells are in the order of their first word. Without any word the grid is as predicted, as
    docling has it when it does not match. Boxes that are missing count as empty ones in the page's corner.
    """
    cells = predicted_cells(tags)
    if not cells:
        return TableStructure(region=region, num_rows=0, num_cols=0, otsl=list(tags), method=method)
    known = [boxes[i] if i < len(boxes) else None for i in range(len(cells))]
    if not words:
        made = [_cell(cell, box, "") for cell, box in zip(cells, known, strict=True)]
        return _folded(region, tags, made, method)
    found = assign_words(cells, _pixels(known), _pixels([word.box for word in words]), classes)
    members: dict[int, list[int]] = {}
    for word, cell in enumerate(found.cell_of.tolist()):
        if cell >= 0:
            members.setdefault(cell, []).append(word)
    made = [
        _cell(found.cells[cell], _points(found.boxes[cell]), " ".join(words[word].text for word in inside))
        for cell, inside in members.items()
    ]
    return _folded(region, tags, made, method)


def _pixels(boxes: Sequence[Box | None]) -> NDArray[np.float64]:
    corners = [(box.l, box.t, box.r, box.b) if box else (0.0, 0.0, 0.0, 0.0) for box in boxes]
    return np.nan_to_num(np.array(corners, np.float64), posinf=0.0, neginf=0.0) * _SCALE


def _points(box: NDArray[np.float64]) -> Box:
    return Box(*(float(side) for side in box / _SCALE))


def _cell(cell: PredictedCell, box: Box | None, text: str) -> TableCell:
    columns, rows = cell.span or (1, 1)
    return TableCell(
        row=cell.row,
        col=cell.col,
        row_span=rows,
        col_span=columns,
        text=text,
        box=box,
        column_header=cell.tag == "ched",
        row_header=cell.tag == "rhed",
        row_section=cell.tag == "srow",
    )


def _folded(region: int, tags: Sequence[str], cells: Sequence[TableCell], method: str) -> TableStructure:
    """The cells with rows and columns numbered without gaps."""
    rows, cols = sorted({cell.row for cell in cells}), sorted({cell.col for cell in cells})
    num_rows = num_cols = 0
    for cell in cells:
        row, col = bisect_left(rows, cell.row), bisect_left(cols, cell.col)
        below, right = (
            bisect_left(rows, cell.row + cell.row_span),
            bisect_left(cols, cell.col + cell.col_span),
        )
        cell.row, cell.col, cell.row_span, cell.col_span = row, col, below - row, right - col
        num_rows, num_cols = max(num_rows, below), max(num_cols, right)
    return TableStructure(
        region=region, num_rows=num_rows, num_cols=num_cols, cells=list(cells), otsl=list(tags), method=method
    )
