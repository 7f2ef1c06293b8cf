"""The grid of a table from its text alone: gaps make columns, lines make rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from docmill.pipeline.convert.tables.geometry.columns import Interval, column_at, find_columns, glued_at
from docmill.pipeline.convert.tables.geometry.row_labels import with_group_labels
from docmill.pipeline.convert.tables.geometry.rows import YEAR, PlacedLine, group_rows, is_numeric
from docmill.pipeline.convert.tables.geometry.textlines import Chunk, TextLine, em_of, hull, text_lines
from docmill.pipeline.convert.tables.slanet.skeleton import MAX_COLS, MAX_ROWS, Skeleton, Slot, filled, holes
from docmill.pipeline.convert.types import Box, Word

__all__ = ["Underline", "whitespace_skeleton"]

#: Height, left and right of a horizontal ruling that does not cross the whole table.
Underline = tuple[float, float, float]

#: A cell in the making: first and last column, and its chunks.
_Part = tuple[int, int, list[Chunk]]


def whitespace_skeleton(
    words: Sequence[Word], barriers: Sequence[float] = (), underlines: Sequence[Underline] = ()
) -> Skeleton:
    """Rows and columns of `words`, with spans only where a heading lies over several columns.

    `barriers` are ascending heights that part rows. A heading above an underline spans the columns
    above that ruling.
    """
    em = em_of(words)
    lines = text_lines(words)
    columns = find_columns(lines, em)[:MAX_COLS]
    if not columns:
        return filled([], "whitespace")
    space = _word_space(lines, em)
    placed = _settled([_place(line, columns, space) for line in lines], em)
    parting = [y for line in lines for y in _parting(line, columns, underlines, em)]
    rows = group_rows(placed, columns, sorted({*barriers, *parting}), em)[:MAX_ROWS]
    index_of = {id(word): index for index, word in enumerate(words)}
    body = _first_body_row(placed, rows)
    slots: list[Slot] = []
    for at, row in enumerate(rows):
        parts = _united([part for i in row for part in placed[i].placed])
        if at < body - 1:
            below = {column for i in rows[at + 1] for column in placed[i].columns()}
            parts = _stretched(parts, columns, below, underlines, em)
        for first, last, chunks in parts:
            members = [word for chunk in chunks for word in chunk.words]
            indices = tuple(sorted(index_of[id(word)] for word in members))
            slots.append(Slot(at, first, 1, last - first + 1, hull(members), words=indices))
    slots = with_group_labels(_heads_joined(slots, body, len(columns)), body, len(rows), em)
    return filled([*slots, *holes(slots, len(rows), len(columns))], "whitespace")


def _word_space(lines: Sequence[TextLine], em: float) -> float:
    """The usual gap between words of one chunk, at least a fifth of an em."""
    gaps = [b.box.l - a.box.r for line in lines for chunk in line.chunks for a, b in pairwise(chunk.words)]
    return max(0.2 * em, median(gaps)) if gaps else 0.25 * em


def _place(line: TextLine, columns: Sequence[Interval], space: float) -> PlacedLine:
    """The line's chunks with the columns they cover; chunks that fill several cells are cut."""
    placed: list[tuple[int, int, Chunk]] = []
    for chunk in line.chunks:
        cuts = [0, *glued_at(chunk, columns, space), len(chunk.words)]
        for start, end in pairwise(cuts):
            part = Chunk(chunk.words[start:end], hull(chunk.words[start:end]))
            placed.append((*_covered(part, columns), part))
    return PlacedLine(line, placed)


def _settled(lines: Sequence[PlacedLine], em: float) -> list[PlacedLine]:
    """Lines whose text hangs between two lines, in columns that both leave empty, joined to the upper one.

    Such is a label centred beside an even number of lines: it is no row.
    """
    settled: list[PlacedLine] = []
    for at, placed in enumerate(lines):
        if settled and at + 1 < len(lines):
            above, below = settled[-1], lines[at + 1]
            near = max(placed.middle - above.middle, below.middle - placed.middle) < 0.9 * em
            apart = below.middle - above.middle > 0.9 * em
            if near and apart and not placed.columns() & (above.columns() | below.columns()):
                settled[-1] = PlacedLine(above.line, [*above.placed, *placed.placed])
                continue
        settled.append(placed)
    return settled


def _covered(chunk: Chunk, columns: Sequence[Interval]) -> tuple[int, int]:
    """First and last column under a chunk; the nearest one when there is none."""
    over = [
        i
        for i, (left, right) in enumerate(columns)
        if min(right, chunk.box.r) - max(left, chunk.box.l) > 0.15 * min(right - left, chunk.box.width)
    ]
    if over:
        return over[0], over[-1]
    middle = (chunk.box.l + chunk.box.r) / 2
    found = column_at(columns, chunk.box)
    if found is None:
        found = min(range(len(columns)), key=lambda i: max(columns[i][0] - middle, middle - columns[i][1]))
    return found, found


def _united(parts: Sequence[tuple[int, int, Chunk]]) -> list[_Part]:
    """The row's cells: parts that share a column are one."""
    cells: list[_Part] = []
    for first, last, chunk in sorted(parts, key=lambda part: (part[0], part[1])):
        if cells and first <= cells[-1][1]:
            start, end, chunks = cells[-1]
            cells[-1] = (start, max(end, last), [*chunks, chunk])
        else:
            cells.append((first, last, [chunk]))
    return cells


def _first_body_row(placed: Sequence[PlacedLine], rows: Sequence[Sequence[int]]) -> int:
    """The first row with numbers in it and no column spanned; at most a third of the table is headings."""
    for at, row in enumerate(rows):
        parts = [part for i in row for part in placed[i].placed]
        numbers = sum(is_numeric(c.text) and not YEAR.fullmatch(c.text) for _, _, c in parts)
        if numbers * 3 >= len(parts) and all(first == last for first, last, _ in parts):
            # A section's name above the first numbers is body already, below headings.
            while at > 1 and [first for i in rows[at - 1] for first, _, _ in placed[i].placed] == [0]:
                at -= 1
            return at
        if 3 * at > len(rows):
            break
    return min(1, len(rows))


def _stretched(
    parts: list[_Part],
    columns: Sequence[Interval],
    below: set[int],
    underlines: Sequence[Underline],
    em: float,
) -> list[_Part]:
    """Headings widened to the columns they stand over: those above an underline, or around their middle."""
    stretched: list[_Part] = []
    for at, (first, last, chunks) in enumerate(parts):
        low = stretched[-1][1] + 1 if stretched else 0
        high = parts[at + 1][0] - 1 if at + 1 < len(parts) else len(columns) - 1
        box = hull([word for chunk in chunks for word in chunk.words])
        ruled = _underline_of(box, columns, underlines, em)
        if ruled is not None:
            _, start, end = ruled
            stretched.append((max(low, min(first, start)), min(high, max(last, end)), chunks))
            continue
        middle = (box.l + box.r) / 2

        def miss(bounds: tuple[int, int], middle: float = middle) -> float:
            return abs((columns[bounds[0]][0] + columns[bounds[1]][1]) / 2 - middle)

        options = [
            (a, b)
            for a in range(first, low - 1, -1)
            for b in range(last, high + 1)
            if all(column in below for column in (*range(a, first), *range(last + 1, b + 1)))
        ]
        best = (
            min(options, key=lambda bounds: (miss(bounds), bounds[1] - bounds[0]))
            if options
            else (first, last)
        )
        gain = miss((first, last)) - miss(best)
        stretched.append((*(best if gain > em and miss(best) < em else (first, last)), chunks))
    return stretched


def _underline_of(
    box: Box, columns: Sequence[Interval], underlines: Sequence[Underline], em: float
) -> tuple[float, int, int] | None:
    """The ruling directly under a heading, if over several columns: its height, first and last column."""
    for y, start, end in underlines:
        under = box.b - 0.4 * em <= y <= box.b + 0.8 * em
        if under and min(end, box.r) - max(start, box.l) > 0.5 * box.width:
            over = [i for i, column in enumerate(columns) if start - em <= sum(column) / 2 <= end + em]
            if len(over) > 1:
                return y, over[0], over[-1]
    return None


def _parting(
    line: TextLine, columns: Sequence[Interval], underlines: Sequence[Underline], em: float
) -> list[float]:
    """Heights of the rulings under this line's headings: what follows is another row."""
    found = (_underline_of(chunk.box, columns, underlines, em) for chunk in line.chunks)
    return [ruling[0] for ruling in found if ruling is not None]


def _heads_joined(slots: list[Slot], body: int, num_cols: int) -> list[Slot]:
    """Where the heading rows of a column hold one text only, it is one cell over all of them."""
    if body < 2:
        return slots
    heads = [slot for slot in slots if slot.row < body]
    joined: dict[tuple[int, int], Slot] = {}
    for column in range(num_cols):
        over = [slot for slot in heads if slot.col <= column < slot.col + slot.col_span]
        if len(over) == 1 and over[0].col_span == 1:
            only = over[0]
            joined[only.row, only.col] = Slot(0, column, body, 1, only.box, words=only.words)
    return [joined.get((slot.row, slot.col), slot) for slot in slots]
