"""Words to the cells of a grid: every word to exactly one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.tables.slanet.skeleton import Skeleton
from docmill.pipeline.convert.types import Box, Word

__all__ = ["match_words"]

#: A word belongs to the cell that holds most of it, if that is at least this share of the word.
_LEAST_SHARE = 0.1
#: Rows are closer to each other than columns: a distance up or down counts this much more.
_VERTICAL_WEIGHT = 3.0
_BATCH = 512


def match_words(skeleton: Skeleton, words: Sequence[Word]) -> Skeleton:
    """Put the words that no slot holds yet into slots; without slots nothing happens.

    A word goes to the slot with the largest overlap, else to the nearest one. Slots without a box take
    part where the rows and columns around them are.
    """
    held = {index for slot in skeleton.slots for index in slot.words}
    loose = [index for index in range(len(words)) if index not in held]
    if not skeleton.slots or not loose:
        return skeleton
    slots = _boxes(skeleton)
    boxes = np.nan_to_num(np.array([list(_corners(words[index].box)) for index in loose], np.float64))
    members = [list(slot.words) for slot in skeleton.slots]
    for start in range(0, len(loose), _BATCH):
        for at, slot in enumerate(_nearest(boxes[start : start + _BATCH], slots)):
            members[int(slot)].append(loose[start + at])
    matched = [
        msgspec.structs.replace(slot, words=tuple(sorted(indices)))
        for slot, indices in zip(skeleton.slots, members, strict=True)
    ]
    return msgspec.structs.replace(skeleton, slots=matched)


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.l, box.t, box.r, box.b


def _nearest(words: NDArray[np.float64], slots: NDArray[np.float64]) -> NDArray[np.intp]:
    left, top, right, bottom = (slots[None, :, i] for i in range(4))
    wide = np.minimum(words[:, 2:3], right) - np.maximum(words[:, 0:1], left)
    high = np.minimum(words[:, 3:4], bottom) - np.maximum(words[:, 1:2], top)
    area = np.maximum((words[:, 2] - words[:, 0]) * (words[:, 3] - words[:, 1]), 1e-6)[:, None]
    share = np.clip(wide, 0, None) * np.clip(high, 0, None) / area
    x, y = (words[:, 0:1] + words[:, 2:3]) / 2, (words[:, 1:2] + words[:, 3:4]) / 2
    distance = np.maximum(np.maximum(left - x, x - right), 0) + _VERTICAL_WEIGHT * np.maximum(
        np.maximum(top - y, y - bottom), 0
    )
    nearest: NDArray[np.intp] = np.where(
        share.max(axis=1) >= _LEAST_SHARE, share.argmax(axis=1), distance.argmin(axis=1)
    )
    return nearest


def _boxes(skeleton: Skeleton) -> NDArray[np.float64]:
    """Slot boxes [S, 4]; a missing one is where its row's and its column's other boxes are."""
    rows: dict[int, list[Box]] = {}
    cols: dict[int, list[Box]] = {}
    for slot in skeleton.slots:
        if slot.box is None:
            continue
        if slot.row_span == 1:
            rows.setdefault(slot.row, []).append(slot.box)
        if slot.col_span == 1:
            cols.setdefault(slot.col, []).append(slot.box)
    boxes = np.full((len(skeleton.slots), 4), np.inf)
    for i, slot in enumerate(skeleton.slots):
        if slot.box is not None:
            boxes[i] = _corners(slot.box)
        elif slot.row in rows and slot.col in cols:
            boxes[i, [0, 2]] = np.median([[b.l, b.r] for b in cols[slot.col]], axis=0)
            boxes[i, [1, 3]] = np.median([[b.t, b.b] for b in rows[slot.row]], axis=0)
    # Without any place a slot is infinitely far; a big number keeps the arithmetic finite.
    finite: NDArray[np.float64] = np.nan_to_num(boxes, posinf=1e9, neginf=-1e9)
    return finite
