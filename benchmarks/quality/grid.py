"""Tables as cells with row and column ranges, whatever they were written in."""

from __future__ import annotations

import msgspec
from docling_core.types.doc import DoclingDocument, TableData

__all__ = ["Grid", "GridCell", "grid_of", "grids_of"]


class GridCell(msgspec.Struct, frozen=True):
    """A cell: its rows and columns, from 0 and both ends included, and its text."""

    top: int
    bottom: int
    left: int
    right: int
    text: str


#: A table's cells, in any order.
Grid = tuple[GridCell, ...]


def grid_of(table: TableData) -> Grid:
    """The cells of a docling table."""
    return tuple(
        GridCell(
            cell.start_row_offset_idx,
            cell.end_row_offset_idx - 1,
            cell.start_col_offset_idx,
            cell.end_col_offset_idx - 1,
            cell.text,
        )
        for cell in table.table_cells
    )


def grids_of(document: DoclingDocument) -> tuple[Grid, ...]:
    """All tables of a document, in order; document indexes are tables too."""
    return tuple(grid_of(table.data) for table in document.tables)
