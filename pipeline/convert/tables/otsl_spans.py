"""The spans of a table's cells from its OTSL tags, as docling 2 reads them.

docling turns OTSL into HTML and that into OTSL again, and reads the spans on the way. For well-formed tags
that is what OTSL says. For others it is what these two translations make of them, which is kept here. `xcel`
does not occur: the table model writes `lcel` in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, takewhile

__all__ = ["BEGINS_CELL", "Span", "otsl_spans", "spanning_cells"]

#: Columns and rows of a cell.
Span = tuple[int, int]

BEGINS_CELL = frozenset({"fcel", "ecel", "ched", "rhed", "srow"})
#: Longer spans are lost in docling's HTML.
_LONGEST = 20
#: For each column of a row: how far its cell still reaches to the right, and down.
_Reach = tuple[int, int]


def otsl_spans(tags: Sequence[str]) -> dict[int, Span]:
    """Columns and rows of each cell that spans several, by its index among the cells that begin.

    Empty where the tags do not begin with a cell, and where rows do not fit together.
    """
    if not tags or tags[0] not in BEGINS_CELL:
        return {}
    rows = _square(tags)
    spans: dict[int, Span] = {}
    above: list[_Reach] | None = None
    index = 0
    for row in range(len(rows)):
        cells = [_written(rows, row, col) for col, tag in enumerate(rows[row]) if tag in BEGINS_CELL]
        try:
            above = _reaches(cells, above)
        except IndexError:
            return {}
        for span in cells:
            if span is not None:
                spans[index] = span
            index += 1
    return spans


def spanning_cells(tags: Sequence[str]) -> list[int]:
    """The cells that go on to the right or below, by their index among the cells that begin.

    Empty where the tags do not begin with a cell.
    """
    if not tags or tags[0] not in BEGINS_CELL:
        return []
    rows = _square(tags)
    places = [(row, col) for row, line in enumerate(rows) for col in range(len(line))]
    cells = [(row, col) for row, col in places if rows[row][col] in BEGINS_CELL]
    return [index for index, place in enumerate(cells) if _goes_on(rows, *place)]


def _goes_on(rows: Sequence[Sequence[str]], row: int, col: int) -> bool:
    right = rows[row][col + 1 : col + 2] == ["lcel"]
    return right or (row + 1 < len(rows) and rows[row + 1][col] == "ucel")


def _square(tags: Sequence[str]) -> list[list[str]]:
    """The rows, without empty ones; shorter ones end in cells that go on to the right."""
    rows = [list(run) for is_end, run in groupby(tags, lambda tag: tag == "nl") if not is_end]
    width = max(len(row) for row in rows)
    return [row + ["lcel"] * (width - len(row)) for row in rows]


def _written(rows: Sequence[Sequence[str]], row: int, col: int) -> Span | None:
    """What is left of a cell's span once it is written as HTML attributes."""
    right = _run(rows[row][col + 1 :], "lcel")
    down = _run((rows[r][col] for r in range(row + 1, len(rows))), "ucel")
    # longer ones cannot be read back
    columns = right if right <= _LONGEST else 1
    below = down if down <= _LONGEST else 1
    return (columns, below) if columns > 1 or below > 1 else None


def _run(following: Iterable[str], goes_on: str) -> int:
    """How many positions a cell takes: its own, and those in which it goes on."""
    return 1 + sum(1 for _ in takewhile(lambda tag: tag == goes_on, following))


def _reaches(cells: Sequence[Span | None], above: Sequence[_Reach] | None) -> list[_Reach]:
    """How far the cells of a row reach, those from above included. IndexError when they do not fit in."""
    reaches: list[_Reach] = []
    column = 0
    for span in (*cells, "end"):
        column = _passed(reaches, column, above)
        if span == "end":
            break
        columns, rows = span if isinstance(span, tuple) else (1, 1)
        wide = columns if columns > 1 else 0
        reaches.append((wide, rows - 1))
        reaches += [(columns - 1 - i, rows - 1) for i in range(columns - 1)]
        # docling does not count the columns of a cell that spans both ways
        column += columns if rows == 1 else 1
    if above is not None:
        start = len(reaches)
        reaches += [(right, down - 1) for right, down in above[start : len(above) - 1]]
    return [*reaches, (-1, -1)]


def _passed(reaches: list[_Reach], column: int, above: Sequence[_Reach] | None) -> int:
    """Go over the columns that cells from above take; returns the next free one."""
    if above is None:
        return column
    while above[column][1] > 0:
        right, down = above[column]
        reaches += [(max(0, right - i), down - 1) for i in range(max(1, right))]
        column += max(1, right)
    return column
