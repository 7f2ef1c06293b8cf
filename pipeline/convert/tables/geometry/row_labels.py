"""Labels of groups of rows: a name in the first column centred beside several rows spans them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from docmill.pipeline.convert.tables.slanet.skeleton import Slot

__all__ = ["with_group_labels"]


def with_group_labels(slots: Sequence[Slot], first_row: int, num_rows: int, em: float) -> list[Slot]:
    """The slots with those of the first column made as tall as the groups they are centred beside.

    The groups must follow each other without a gap from `first_row` to the last row, each with its label
    half way between its first and its last row; otherwise nothing changes.
    """
    labels = sorted((s for s in slots if s.col == 0 and s.row >= first_row and s.words), key=_middle)
    if any(s.col_span > 1 for s in labels) or not labels or len(labels) >= num_rows - first_row:
        return list(slots)
    middles: dict[int, list[float]] = {}
    for slot in slots:
        if slot.col > 0 and slot.words and slot.row_span == 1:
            middles.setdefault(slot.row, []).append(_middle(slot))
    centres = {row: sum(values) / len(values) for row, values in middles.items()}
    if any(row not in centres for row in range(first_row, num_rows)):
        return list(slots)
    spans: dict[int, tuple[int, int]] = {}
    start = first_row
    for label in labels:
        if start >= num_rows:
            return list(slots)
        end = _last_row(centres, start, num_rows, _middle(label))
        if abs((centres[start] + centres[end]) / 2 - _middle(label)) > 0.35 * em:
            return list(slots)
        spans[label.row] = (start, end)
        start = end + 1
    if start != num_rows:
        return list(slots)
    return [
        msgspec.structs.replace(s, row=spans[s.row][0], row_span=spans[s.row][1] - spans[s.row][0] + 1)
        if s.col == 0 and s.row in spans and s.words
        else s
        for s in slots
    ]


def _last_row(centres: Mapping[int, float], start: int, stop: int, middle: float) -> int:
    """The row with which the group that begins at `start` has its middle nearest to `middle`."""
    return min(range(start, stop), key=lambda row: abs((centres[start] + centres[row]) / 2 - middle))


def _middle(slot: Slot) -> float:
    return (slot.box.t + slot.box.b) / 2 if slot.box is not None else 0.0
