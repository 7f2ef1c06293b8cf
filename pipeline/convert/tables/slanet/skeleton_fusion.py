"""What the model sees, laid over what the words show.

Word geometry is exact about columns and lines, and can only guess which lines are one row and what a
heading spans. The model is the other way round, so where both agree on the columns each does its part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from docmill.pipeline.convert.tables.geometry.placed_lines import YEAR, is_numeric
from docmill.pipeline.convert.tables.geometry.textlines import hull
from docmill.pipeline.convert.tables.slanet.skeleton import Skeleton, Slot, filled
from docmill.pipeline.convert.types import Word

__all__ = ["with_headings", "with_rows"]

#: Headings are sought within so many rows at the top.
_MOST_ROWS = 5


def with_headings(body: Skeleton, seen: Skeleton, words: Sequence[Word]) -> Skeleton | None:
    """`body` with the heading rows of `seen`, both with their words matched.

    None unless both have as many columns, the model sees several heading rows without values, spans
    among them, and a row of `body` with values begins exactly below their words.
    """
    if body.num_cols != seen.num_cols or body.num_cols < 3:
        return None
    mine, theirs = _words_above(body), _words_above(seen)
    for above, held in theirs.items():
        below = next((cut for cut, own in mine.items() if own == held), None)
        heads = [slot for slot in seen.slots if slot.row < above]
        values = [slot for slot in body.slots if slot.row == below]
        if above < 2 or below is None or _has_values(heads, words) or not _has_values(values, words):
            continue
        spans = [slot for slot in heads if slot.col_span > 1]
        if spans and not _has_values(spans, words):
            shift = above - below
            rest = [
                msgspec.structs.replace(slot, row=slot.row + shift)
                for slot in body.slots
                if slot.row >= below
            ]
            return filled([*heads, *rest], "fused", min(body.confidence, seen.confidence))
    return None


def _words_above(grid: Skeleton) -> dict[int, frozenset[int]]:
    """For each cut in the first rows that no span crosses, the words above it."""
    cuts: dict[int, frozenset[int]] = {}
    for cut in range(1, min(_MOST_ROWS, grid.num_rows - 1) + 1):
        if not any(slot.row < cut < slot.row + slot.row_span for slot in grid.slots):
            cuts[cut] = frozenset(word for slot in grid.slots if slot.row < cut for word in slot.words)
    return cuts


def _has_values(slots: Sequence[Slot], words: Sequence[Word]) -> bool:
    """Whether more than a quarter of the cells with text are numbers; years are headings."""
    texts = [_text(slot, words) for slot in slots if slot.words]
    return 4 * sum(is_numeric(text) and not YEAR.fullmatch(text) for text in texts) > len(texts)


def _text(slot: Slot, words: Sequence[Word]) -> str:
    return " ".join(words[i].text for i in slot.words)


def with_rows(body: Skeleton, seen: Skeleton, words: Sequence[Word]) -> Skeleton:
    """`body` with neighbouring rows made one where the model sees one.

    At most one of them may begin in the first column, none may have a number below a number, and at
    least one column must go on; rows in which spans lie are left alone.
    """
    if abs(body.num_cols - seen.num_cols) > 1 or seen.num_rows >= body.num_rows:
        return body
    row_of = {word: slot.row for slot in seen.slots if slot.row_span == 1 for word in slot.words}
    rows: list[list[Slot]] = [[] for _ in range(body.num_rows)]
    for slot in body.slots:
        rows[slot.row].append(slot)
    spanned = {r for slot in body.slots if slot.row_span > 1 for r in _span(slot)}
    groups: list[list[int]] = []
    last: int | None = None
    for row, slots in enumerate(rows):
        model_row = _majority([row_of[word] for slot in slots for word in slot.words if word in row_of])
        goes_on = (
            bool(groups) and model_row is not None and model_row == last and not spanned & {row, row - 1}
        )
        if goes_on and _are_one([rows[r] for r in (*groups[-1], row)], words):
            groups[-1].append(row)
        else:
            groups.append([row])
        last = model_row
    if len(groups) == body.num_rows:
        return body
    return filled(_regrouped(rows, groups, words), body.method, body.confidence)


def _span(slot: Slot) -> range:
    return range(slot.row, slot.row + slot.row_span)


def _majority(rows: Sequence[int]) -> int | None:
    """The row that more than two thirds of the words are in, or None."""
    if not rows:
        return None
    row, count = Counter(rows).most_common(1)[0]
    return row if 3 * count > 2 * len(rows) else None


def _are_one(rows: Sequence[Sequence[Slot]], words: Sequence[Word]) -> bool:
    if rows[0][0].row == 0 and not rows[0][0].words:
        return False  # a heading row over an unnamed first column, and the first row below it
    columns: dict[int, list[str]] = {}
    for row in rows:
        for slot in row:
            if slot.words:
                if slot.col_span > 1:
                    return False
                columns.setdefault(slot.col, []).append(_text(slot, words))
    if len(columns.get(0, [])) > 1 or not any(len(texts) > 1 for texts in columns.values()):
        return False
    if any(sum(is_numeric(text) for text in texts) > 1 for texts in columns.values()):
        return False
    return not any(_are_codes(texts) for texts in columns.values() if len(texts) > 1)


def _are_codes(texts: Sequence[str]) -> bool:
    """Whether texts of one word each have figures and letters in the same places: codes, a row for each."""
    if any(len(text.split()) > 1 or not any(map(str.isdecimal, text)) for text in texts):
        return False
    return len({re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", text)) for text in texts}) == 1


def _regrouped(
    rows: Sequence[Sequence[Slot]], groups: Sequence[Sequence[int]], words: Sequence[Word]
) -> list[Slot]:
    """The slots with each group of rows made one row."""
    slots: list[Slot] = []
    at_of = {row: at for at, group in enumerate(groups) for row in group}
    for at, group in enumerate(groups):
        if len(group) == 1:
            for slot in rows[group[0]]:
                last = at_of[slot.row + slot.row_span - 1]
                slots.append(msgspec.structs.replace(slot, row=at, row_span=last - at + 1))
            continue
        columns: dict[int, list[int]] = {}
        for row in group:
            for slot in rows[row]:
                columns.setdefault(slot.col, []).extend(slot.words)
        for col, members in columns.items():
            box = hull([words[i] for i in members]) if members else None
            slots.append(Slot(at, col, box=box, words=tuple(sorted(members))))
    return slots
