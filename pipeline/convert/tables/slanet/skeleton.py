"""A table's rows, columns and spans, and which words lie in which cell."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from docmill.pipeline.convert.types import Box

__all__ = ["MAX_COLS", "MAX_ROWS", "Skeleton", "Slot", "filled", "holes"]

#: Bounds on a grid: a drawing or a page of noise must not become a million cells.
MAX_ROWS = 1000
MAX_COLS = 100


class Slot(msgspec.Struct, frozen=True, array_like=True):
    """The place of one cell: rows and columns, box on the page, and the indices of the words it holds."""

    row: int
    col: int
    row_span: int = 1
    col_span: int = 1
    box: Box | None = None
    header: bool = False
    words: tuple[int, ...] = ()


class Skeleton(msgspec.Struct, frozen=True, kw_only=True):
    """A rectangular grid: every position belongs to exactly one slot; slots are in reading order."""

    num_rows: int
    num_cols: int
    slots: list[Slot]
    method: str
    confidence: float = 1.0


def filled(slots: Iterable[Slot], method: str, confidence: float = 1.0) -> Skeleton:
    """Make any slots a rectangular grid.

    Earlier slots win over later ones that overlap them: the later one shrinks to the free part of its
    first row, or goes. Positions that nobody claims become slots without a box. Rows and columns in
    which no slot begins are folded away.
    """
    owner: dict[tuple[int, int], int] = {}
    kept: list[Slot] = []
    for slot in sorted(slots, key=lambda s: (s.row, s.col)):
        fitted = _fitted(slot, owner)
        if fitted is None:
            continue
        for row in range(fitted.row, fitted.row + fitted.row_span):
            for col in range(fitted.col, fitted.col + fitted.col_span):
                owner[row, col] = len(kept)
        kept.append(fitted)
    kept = _folded(kept)
    num_rows = max((s.row + s.row_span for s in kept), default=0)
    num_cols = max((s.col + s.col_span for s in kept), default=0)
    ordered = sorted([*kept, *holes(kept, num_rows, num_cols)], key=lambda s: (s.row, s.col))
    return Skeleton(num_rows=num_rows, num_cols=num_cols, slots=ordered, method=method, confidence=confidence)


def holes(slots: Iterable[Slot], num_rows: int, num_cols: int) -> list[Slot]:
    """Empty slots for the positions of a grid that no slot covers."""
    taken = {(r, c) for s in slots for r in range(s.row, s.row + s.row_span) for c in _cols(s)}
    return [Slot(r, c) for r in range(num_rows) for c in range(num_cols) if (r, c) not in taken]


def _cols(slot: Slot) -> range:
    return range(slot.col, slot.col + slot.col_span)


def _fitted(slot: Slot, owner: dict[tuple[int, int], int]) -> Slot | None:
    """`slot` cut to the bounds and to what is free, or None when its first position is taken."""
    if not (0 <= slot.row < MAX_ROWS and 0 <= slot.col < MAX_COLS) or (slot.row, slot.col) in owner:
        return None
    col_span = 1
    while col_span < min(slot.col_span, MAX_COLS - slot.col) and (slot.row, slot.col + col_span) not in owner:
        col_span += 1
    row_span = 1
    while row_span < min(slot.row_span, MAX_ROWS - slot.row) and all(
        (slot.row + row_span, col) not in owner for col in range(slot.col, slot.col + col_span)
    ):
        row_span += 1
    return msgspec.structs.replace(slot, row_span=row_span, col_span=col_span)


def _folded(slots: list[Slot]) -> list[Slot]:
    """Drop the rows and columns in which no slot begins: they would hold nothing of their own."""
    row_at = {row: i for i, row in enumerate(sorted({s.row for s in slots}))}
    col_at = {col: i for i, col in enumerate(sorted({s.col for s in slots}))}

    def folded(slot: Slot) -> Slot:
        row_span = sum(row in row_at for row in range(slot.row, slot.row + slot.row_span))
        col_span = sum(col in col_at for col in _cols(slot))
        return msgspec.structs.replace(
            slot, row=row_at[slot.row], col=col_at[slot.col], row_span=row_span, col_span=col_span
        )

    return [folded(slot) for slot in slots]
