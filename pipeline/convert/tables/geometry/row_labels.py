"""Labels of groups of rows: a name centred beside several rows spans them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from docmill.pipeline.convert.tables.slanet.skeleton import Slot

__all__ = ["with_group_labels"]

#: A label stands between two rows when it is further from both than this share of an em.
_BETWEEN = 0.25


def with_group_labels(slots: Sequence[Slot], first_row: int, num_rows: int, em: float) -> list[Slot]:
    """The slots with labels made as tall as the groups they are centred beside.

    The groups must follow each other without a gap from `first_row` to the last row, each with its label
    half way between its first and its last row. Labels that all stand beside a row of their own may as well
    be set at the top of their groups, or have empty cells below: those are centred only where every group
    has a row above its label. Otherwise nothing changes.
    """
    body = [slot for slot in slots if slot.row >= first_row and slot.words]
    rows = set(range(first_row, num_rows))
    held: dict[int, set[int]] = {}
    for slot in body:
        if slot.row_span == slot.col_span == 1:
            held.setdefault(slot.col, set()).add(slot.row)
    full = {column for column, own in held.items() if own == rows}
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    # Labels lie in the first column; in others where those beside them have a text in each row.
    for column in [0, *sorted(column for column in held if column > 0 and column not in full and full)]:
        labels = [slot for slot in body if slot.col <= column < slot.col + slot.col_span]
        beside = [slot for slot in body if slot.col in full or (not full and slot.col > 0)]
        spans |= _spans(labels, beside, column, first_row, num_rows, em)
    return [_as_tall(slot, spans.get((slot.row, slot.col))) for slot in slots]


def _as_tall(slot: Slot, rows: tuple[int, int] | None) -> Slot:
    """The slot over these rows."""
    if rows is None or not slot.words:
        return slot
    return msgspec.structs.replace(slot, row=rows[0], row_span=rows[1] - rows[0] + 1)


def _spans(
    labels: Sequence[Slot], beside: Sequence[Slot], column: int, first_row: int, num_rows: int, em: float
) -> dict[tuple[int, int], tuple[int, int]]:
    """By row and column of each label the first and last row of its group; empty where there are none."""
    labels = sorted(labels, key=_middle)
    if not labels or any(slot.col_span > 1 for slot in labels) or len(labels) >= num_rows - first_row:
        return {}
    middles: dict[int, list[float]] = {}
    for slot in beside:
        if slot.row_span == 1 and slot.col != column:
            middles.setdefault(slot.row, []).append(_middle(slot))
    centres = {row: sum(values) / len(values) for row, values in middles.items()}
    if any(row not in centres for row in range(first_row, num_rows)):
        return {}
    spans = _groups(labels, centres, first_row, num_rows, em)
    if spans is None:
        return {}
    apart = max(min(abs(centre - _middle(label)) for centre in centres.values()) for label in labels)
    single = any(start == end for start, end in spans.values())
    if apart < _BETWEEN * em and (single or (column > 0 and len(labels) < 2)):
        return {}
    return {(row, column): span for row, span in spans.items()}


def _groups(
    labels: Sequence[Slot], centres: Mapping[int, float], first_row: int, num_rows: int, em: float
) -> dict[int, tuple[int, int]] | None:
    """By the row of each label the first and last row of its group; None where they do not fill the rows."""
    spans: dict[int, tuple[int, int]] = {}
    start = first_row
    for label in labels:
        if start >= num_rows:
            return None
        end = _last_row(centres, start, num_rows, _middle(label))
        if abs((centres[start] + centres[end]) / 2 - _middle(label)) > 0.35 * em:
            return None
        spans[label.row] = (start, end)
        start = end + 1
    return spans if start == num_rows else None


def _last_row(centres: Mapping[int, float], start: int, stop: int, middle: float) -> int:
    """The row with which the group that begins at `start` has its middle nearest to `middle`."""
    return min(range(start, stop), key=lambda row: abs((centres[start] + centres[row]) / 2 - middle))


def _middle(slot: Slot) -> float:
    return (slot.box.t + slot.box.b) / 2 if slot.box is not None else 0.0
