"""The grid of a table from its text alone: gaps make columns, lines make rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from docmill.pipeline.convert.tables.geometry.columns import (
    Interval,
    column_at,
    find_columns,
    flush_left,
    glued_at,
    has_values,
)
from docmill.pipeline.convert.tables.geometry.continuation import Continuations, is_open
from docmill.pipeline.convert.tables.geometry.heading_groups import Heading, grouped
from docmill.pipeline.convert.tables.geometry.placed_lines import YEAR, PlacedLine, is_numeric
from docmill.pipeline.convert.tables.geometry.row_labels import with_group_labels
from docmill.pipeline.convert.tables.geometry.rows import group_rows
from docmill.pipeline.convert.tables.geometry.textlines import (
    FIGURE,
    Chunk,
    Divider,
    TextLine,
    are_apart,
    cut_at,
    em_of,
    hull,
    text_lines,
)
from docmill.pipeline.convert.tables.slanet.skeleton import MAX_COLS, MAX_ROWS, Skeleton, Slot, filled, holes
from docmill.pipeline.convert.types import Box, Word

__all__ = ["Underline", "whitespace_skeleton"]

#: How sure a grid is whose rows of headings are not all over groups of columns.
_UNEXPLAINED = 0.9
#: Height, left and right of a horizontal ruling that does not cross the whole table.
Underline = tuple[float, float, float]

#: A cell in the making: first and last column, and its chunks.
_Part = tuple[int, int, list[Chunk]]


def whitespace_skeleton(
    words: Sequence[Word],
    barriers: Sequence[float] = (),
    underlines: Sequence[Underline] = (),
    dividers: Sequence[Divider] = (),
) -> Skeleton:
    """Rows and columns of `words`, with spans only where a heading lies over several columns.

    `barriers` are ascending heights that part rows, `dividers` are rulings that part columns. A heading above
    an underline spans the columns above that ruling.
    """
    em = em_of(words)
    lines = cut_at(text_lines(words), dividers)
    columns = find_columns(lines, em, [divider.at for divider in dividers])[:MAX_COLS]
    if not columns:
        return filled([], "whitespace")
    space = _word_space(lines, columns, em)
    # Headings over several columns have words anywhere.
    first = next((at for at, line in enumerate(lines) if has_values(line)), 1)
    flush = flush_left(lines, columns, em)
    made = (_place(line, columns, space, flush * (at >= first), em) for at, line in enumerate(lines))
    placed = _with_scripts(list(made), em)
    placed = _settled(placed, columns, em)
    parting = [y for line in lines for y in _parting(line, columns, underlines, em)]
    rows = group_rows(placed, columns, sorted({*barriers, *parting}), em)[:MAX_ROWS]
    index_of = {id(word): index for index, word in enumerate(words)}
    body = _first_body_row(placed, rows, columns, em)
    slots: list[Slot] = []
    explained = body > 1
    going_on: dict[int, list[Chunk]] = {}  # what of the next row belongs to headings of this one
    for at, row in enumerate(rows):
        parts = [
            part
            for part in _united([part for i in row for part in placed[i].placed])
            if part[0] not in going_on
        ]
        going_on = {}
        if at >= body and (section := _section(parts, columns, em)) is not None:
            parts = [section]
        elif at < body - 1:
            below = [placed[i] for i in rows[at + 1]]
            ruled = {first for first, _, chunks in parts if _is_ruled(chunks, columns, underlines, em)}
            spans = grouped(_headings(parts), _labels(below), columns, em) if not ruled else None
            if spans is not None:
                parts = [(*span, chunks) for span, (_, _, chunks) in zip(spans, parts, strict=True)]
            else:
                parts = _stretched(parts, columns, set(_labels(below)), underlines, em)
            if at == body - 2 and (ruled or spans is not None):
                going_on = _going_on([part for part in parts if part[0] not in ruled], below)
            explained &= bool(ruled) or spans is not None or _are_units(below)
        for first, last, chunks in parts:
            also = going_on.get(first, []) if first == last else []
            members = [word for chunk in [*chunks, *also] for word in chunk.words]
            indices = tuple(sorted(index_of[id(word)] for word in members))
            slots.append(Slot(at, first, 1 + bool(also), last - first + 1, hull(members), words=indices))
    slots = with_group_labels(_heads_joined(slots, body, len(columns)), body, len(rows), em)
    confidence = 1.0 if explained else _UNEXPLAINED
    return filled([*slots, *holes(slots, len(rows), len(columns))], "whitespace", confidence)


def _word_space(lines: Sequence[TextLine], columns: Sequence[Interval], em: float) -> float:
    """The usual gap between words of one chunk and column, at least a fifth of an em."""
    gaps: list[float] = []
    for line in lines:
        for chunk in line.chunks:
            at = [column_at(columns, word.box) for word in chunk.words] if len(chunk.words) > 1 else []
            for (left, right), (one, other) in zip(pairwise(chunk.words), pairwise(at), strict=True):
                if one == other:
                    gaps.append(right.box.l - left.box.r)
    return max(0.2 * em, median(gaps)) if gaps else 0.25 * em


def _place(
    line: TextLine, columns: Sequence[Interval], space: float, flush: Sequence[float], em: float
) -> PlacedLine:
    """The line's chunks with the columns they cover; chunks that fill several cells are cut."""
    placed: list[tuple[int, int, Chunk]] = []
    # A line that is one text without figures heads what follows it, however wide its spaces are.
    heading = len(line.chunks) == 1 and not any(FIGURE.search(word.text) for word in line.words)
    heading = heading and not all(are_apart(left, right) for left, right in pairwise(line.words))
    for chunk in line.chunks:
        glued = [] if heading else glued_at(chunk, columns, space, flush, em)
        cuts = [0, *glued, len(chunk.words)]
        for start, end in pairwise(cuts):
            part = Chunk(chunk.words[start:end], hull(chunk.words[start:end]))
            placed.append((*_covered(part, columns), part))
    return PlacedLine(line, placed)


def _settled(lines: Sequence[PlacedLine], columns: Sequence[Interval], em: float) -> list[PlacedLine]:
    """Lines whose text hangs between two rows, in columns that both leave empty, joined to the upper one.

    Such is a label centred beside an even number of rows: it is no row.
    """
    known = Continuations.of(lines, columns, em)
    settled: list[PlacedLine] = []
    for at, placed in enumerate(lines):
        if settled and at + 1 < len(lines):
            above, below = settled[-1], lines[at + 1]
            pitch = below.middle - above.middle
            near = 0.9 * em < pitch < 2.6 * em and abs(above.middle + pitch / 2 - placed.middle) < 0.2 * pitch
            alone = not placed.columns() & (above.columns() | below.columns())
            if near and alone and known.between(above, below) < 0:
                settled[-1] = PlacedLine(above.line, [*above.placed, *placed.placed])
                continue
        settled.append(placed)
    return settled


def _with_scripts(lines: Sequence[PlacedLine], em: float) -> list[PlacedLine]:
    """The lines with those that are raised or lowered figures of a line beside them joined to it.

    Such are the errors of a value, one up and one down.
    """
    joined: list[PlacedLine] = []
    raised: list[tuple[int, int, Chunk]] = []
    for at, placed in enumerate(lines):
        if raised:
            placed = PlacedLine(placed.line, [*placed.placed, *raised])
            raised = []
        if joined and _is_script(placed, joined[-1], em):
            joined[-1] = PlacedLine(joined[-1].line, [*joined[-1].placed, *placed.placed])
        elif at + 1 < len(lines) and _is_script(placed, lines[at + 1], em):
            raised = placed.placed
        else:
            joined.append(placed)
    return joined


def _is_script(placed: PlacedLine, beside: PlacedLine, em: float) -> bool:
    """Whether all of a line is set small, less than a line away, and each follows a text of that line."""
    if abs(placed.middle - beside.middle) > 0.9 * em:
        return False
    return all(
        max(word.size or word.box.height for word in chunk.words) < 0.85 * em
        and any(other.box.l < chunk.box.l < other.box.r + 0.5 * em for _, _, other in beside.placed)
        for _, _, chunk in placed.placed
    )


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


def _section(parts: Sequence[_Part], columns: Sequence[Interval], em: float) -> _Part | None:
    """The row over all columns, where it holds but one text that names what follows; else None.

    Such a text lies over several columns from the left, or in the middle of the table.
    """
    if len(parts) != 1 or len(columns) < 2:
        return None
    first, last, chunks = parts[0]
    box = hull([word for chunk in chunks for word in chunk.words])
    left, right = columns[0][0], columns[-1][1]
    centred = abs((box.l + box.r) - (left + right)) < em and first > 0
    if is_numeric(" ".join(chunk.text for chunk in chunks)) or not (centred or (first == 0 and last > 0)):
        return None
    return 0, len(columns) - 1, chunks


def _first_body_row(
    placed: Sequence[PlacedLine], rows: Sequence[Sequence[int]], columns: Sequence[Interval], em: float
) -> int:
    """The first row with numbers in it and no column spanned; at most a third of the table is headings."""
    for at, row in enumerate(rows):
        parts = [part for i in row for part in placed[i].placed]
        numbers = sum(is_numeric(c.text) and not YEAR.fullmatch(c.text) for _, _, c in parts)
        if numbers * 3 >= len(parts) and all(first == last for first, last, _ in parts):
            # A section's name above the first numbers is body already, below headings.
            while at > 1 and _names_section(placed, rows[at - 1], columns, em):
                at -= 1
            return at
        if 3 * at > len(rows):
            break
    return min(1, len(rows))


def _names_section(
    placed: Sequence[PlacedLine], row: Sequence[int], columns: Sequence[Interval], em: float
) -> bool:
    parts = _united([part for i in row for part in placed[i].placed])
    return [first for first, _, _ in parts] == [0] or _section(parts, columns, em) is not None


def _labels(row: Sequence[PlacedLine]) -> dict[int, str]:
    """The texts of a row by column; empty where one lies over several."""
    labels = {column: "" for placed in row for column in placed.columns()}
    for placed in row:
        for column, chunk in placed.texts().items():
            labels[column] = f"{labels[column]} {chunk.text}".strip()
    return labels


def _headings(parts: Sequence[_Part]) -> list[Heading]:
    return [
        (first, last, hull([word for chunk in chunks for word in chunk.words]))
        for first, last, chunks in parts
    ]


def _is_ruled(
    chunks: Sequence[Chunk], columns: Sequence[Interval], underlines: Sequence[Underline], em: float
) -> bool:
    """Whether a ruling under a heading says which columns it is over."""
    box = hull([word for chunk in chunks for word in chunk.words])
    return _underline_of(box, columns, underlines, em) is not None


def _are_units(row: Sequence[PlacedLine]) -> bool:
    return all(text.startswith("(") and text.endswith(")") for text in _labels(row).values())


def _going_on(headed: Sequence[_Part], below: Sequence[PlacedLine]) -> dict[int, list[Chunk]]:
    """By column, the texts that go on with a heading of one column beside headings of groups.

    Where some of these texts are those of other columns too they are headings of their own, all but the
    ends of texts.
    """
    labels = Counter(_labels(below).values())
    found: dict[int, list[Chunk]] = {}
    ends: set[int] = set()
    for column, above in ((first, chunks) for first, last, chunks in headed if first == last):
        chunks = [
            chunk for placed in below for first, last, chunk in placed.placed if first == last == column
        ]
        if not chunks:
            continue
        start = chunks[0].text
        if is_open(above[-1].text) or not (start[0].isupper() or is_numeric(start)):
            ends.add(column)
        # What is named in the first column has a name beside those of the groups as a rule.
        if column > 0 or column in ends:
            found[column] = chunks
    texts = (" ".join(chunk.text for chunk in chunks) for chunks in found.values())
    if any(labels[text] > 1 for text in texts):
        return {column: found[column] for column in ends}
    return found


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
        if len(over) == 1 and over[0].col_span == 1 and over[0].row < body - 1:
            only = over[0]
            joined[only.row, only.col] = Slot(0, column, body, 1, only.box, words=only.words)
    return [joined.get((slot.row, slot.col), slot) for slot in slots]
