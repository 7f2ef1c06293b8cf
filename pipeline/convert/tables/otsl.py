"""OTSL: a grid as one tag for each position, as docling's models write it."""

from __future__ import annotations

from collections.abc import Iterable

from docmill.pipeline.convert.types import TableCell

__all__ = ["otsl_tags"]


def otsl_tags(cells: Iterable[TableCell], num_rows: int, num_cols: int) -> list[str]:
    """Tags row by row, each row ended by `nl`.

    `fcel` is a cell with text, `ecel` an empty one, `ched`, `rhed` and `srow` are headers of columns,
    rows and sections; `lcel` goes on from the left, `ucel` from above, `xcel` from both.
    """
    grid = [["ecel"] * num_cols for _ in range(num_rows)]
    for cell in cells:
        for row in range(cell.row, min(cell.row + cell.row_span, num_rows)):
            for col in range(cell.col, min(cell.col + cell.col_span, num_cols)):
                grid[row][col] = _tag(cell, row > cell.row, col > cell.col)
    return [tag for row in grid for tag in (*row, "nl")]


def _tag(cell: TableCell, below: bool, beside: bool) -> str:
    if below and beside:
        return "xcel"
    if below:
        return "ucel"
    if beside:
        return "lcel"
    if cell.column_header:
        return "ched"
    if cell.row_section:
        return "srow"
    if cell.row_header:
        return "rhed"
    return "fcel" if cell.text else "ecel"
