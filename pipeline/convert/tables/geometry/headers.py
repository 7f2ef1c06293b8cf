"""Which rows of a table are column headers, and which of its cells head rows or sections."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from docmill.pipeline.convert.tables.geometry.placed_lines import YEAR, is_numeric
from docmill.pipeline.convert.types import TableCell

__all__ = ["header_rows", "marked"]

#: Headings take at most this share of a table's rows.
_MOST = 0.5


def header_rows(cells: Sequence[TableCell], num_rows: int, bold: Sequence[bool]) -> int:
    """How many rows at the top are headings.

    They end before the first row that is mostly numbers; where no row is, before the first that is not
    bold; and otherwise the first row is taken for the heading. `bold` says which rows are all bold.
    """
    if num_rows < 2:
        return 0
    rows: list[list[TableCell]] = [[] for _ in range(num_rows)]
    for cell in cells:
        if cell.text:
            rows[cell.row].append(cell)
    most = max(1, int(_MOST * num_rows))
    first = next((i for i, row in enumerate(rows) if _is_body(row) or (i > 0 and _is_section(row))), None)
    bolds = next((i for i, flag in enumerate(bold) if not flag), num_rows)
    if first == 0:
        return min(bolds, most) if bolds < num_rows else 0
    if 0 < bolds <= most:
        return bolds if first is None else min(bolds, first)
    if max((cell.col for row in rows for cell in row), default=0) < 2:
        most = 1  # names and values
    return first if first is not None and first <= min(most, 3) else 1


def _is_body(row: Sequence[TableCell]) -> bool:
    """A row with numbers in at least half of its cells beyond the first column; years are headings."""
    values = [cell for cell in row if cell.col > 0] or list(row)
    numbers = [cell for cell in values if is_numeric(cell.text) and not YEAR.fullmatch(cell.text)]
    return bool(values) and 2 * len(numbers) >= len(values)


def _is_section(row: Sequence[TableCell]) -> bool:
    """A row with nothing but a name at its start."""
    return len(row) == 1 and row[0].col == 0 and row[0].row_span == 1


def marked(cells: Sequence[TableCell], headers: int) -> list[TableCell]:
    """The cells with those in the first `headers` rows as column headers; empty ones stay plain."""
    return [
        msgspec.structs.replace(cell, column_header=True) if cell.row < headers and cell.text else cell
        for cell in cells
    ]
